import Glibc
import Linux

/// A tree of files as an EROFS image, without the data of its larger files.
///
/// ```
/// superblock | device table | inodes, each with its attributes and small content | directories
/// ```
///
/// The format is the kernel's `fs/erofs/erofs_fs.h`. Inodes are those of 64 bytes, which have owners
/// of 32 bits and times of their own.
package struct ErofsImage {
    private var placed: [Placement] = []
    /// Where the next inode may begin.
    private var end = Erofs.superblockOffset + Erofs.superblockSize + Erofs.deviceSize
    /// The blocks that follow the inodes.
    private var blocks = 0
    private let uuid: [UInt8]
    /// The size of the extra device; nil for none.
    private let dataBlocks: UInt32?

    /// An inode and where its parts are.
    private struct Placement {
        var node: ErofsNode
        var layout: Erofs.DataLayout
        var content: Content
        /// The first of its blocks behind the inodes.
        var block = 0

        enum Content {
            case none
            case directory(ErofsDirectory)
            case bytes([UInt8])
            case chunks(ErofsData)
        }
    }

    /// The image of a tree.
    ///
    /// - Parameters:
    ///   - root: the tree's root, a directory.
    ///   - dataInBytes: the size of the extra device; nil where no file's data is in one.
    ///   - uuid: 16 bytes that tell the image from others.
    package init(root: ErofsNode, dataInBytes: Int64?, uuid: [UInt8]) {
        precondition(root.isDirectory && uuid.count == 16)
        self.uuid = uuid
        dataBlocks = dataInBytes.map {
            UInt32(clamping: ($0 + Erofs.blockSize - 1) / Erofs.blockSize)
        }
        root.linkCount = 2
        var directories = [place(root, parent: root)].compactMap(\.self)
        // The files of a directory lie side by side, in the order of their names.
        while let directory = directories.popLast() {
            for child in directory.children {
                child.linkCount += 1
                guard child.number == 0,
                    let inner = place(child, parent: directory.node)
                else { continue }
                child.linkCount += 1
                directory.node.linkCount += 1
                directories.append(inner)
            }
        }
    }

    /// Finds a place for an inode.
    ///
    /// - Returns: the entries of a directory.
    private mutating func place(_ node: ErofsNode, parent: ErofsNode) -> ErofsDirectory? {
        var placement = Placement(node: node, layout: .plain, content: .none)
        let header = Erofs.inodeSize + node.attributesSizeInBytes
        var behind = 0
        var entries: ErofsDirectory?
        end = (end + Erofs.slotSize - 1) / Erofs.slotSize * Erofs.slotSize
        if Self.offsetInBlock(end) + Erofs.inodeSize > Erofs.blockSize { end += Erofs.slotSize }
        switch node.content {
        case .file(let data) where !data.chunks.isEmpty:
            placement.layout = .chunks
            placement.content = .chunks(data)
            behind = (header + 7) / 8 * 8 - header + 8 * data.chunks.count
        case .directory:
            let directory = ErofsDirectory(node, parent: parent)
            placement.content = .directory(directory)
            entries = directory
            behind = place(directory.sizeInBytes, &placement, header: header)
        case .symlink(let target), .smallFile(let target):
            placement.content = .bytes(target)
            behind = place(target.count, &placement, header: header)
        case .file, .characterDevice, .blockDevice, .fifo: break
        }
        node.number = UInt64(end / Erofs.slotSize)
        end += header + behind
        placed.append(placement)
        return entries
    }

    /// Finds a place for content: its last part goes behind the inode where one block holds that.
    ///
    /// - Returns: how many bytes go behind the inode.
    private mutating func place(
        _ size: Int, _ placement: inout Placement, header: Int
    ) -> Int {
        let rest = size % Int(Erofs.blockSize)
        placement.block = blocks
        // The kernel wants a link's target in the block where its inode ends.
        if rest > 0, header == Erofs.inodeSize, header + rest <= Erofs.blockSize {
            if Self.offsetInBlock(end) + header + rest > Erofs.blockSize {
                end += Int(Erofs.blockSize) - Self.offsetInBlock(end)
            }
            placement.layout = .inline
            blocks += size / Int(Erofs.blockSize)
            return rest
        }
        blocks += (size + Int(Erofs.blockSize) - 1) / Int(Erofs.blockSize)
        return 0
    }

    private static func offsetInBlock(_ offset: Int) -> Int { offset % Int(Erofs.blockSize) }

    /// The whole image.
    package func bytes() -> [UInt8] {
        let firstBlock = (end + Int(Erofs.blockSize) - 1) / Int(Erofs.blockSize)
        var bytes: [UInt8] = []
        bytes.reserveCapacity((firstBlock + blocks) * Int(Erofs.blockSize))
        bytes.append(zeros: Erofs.superblockOffset)
        appendSuperblock(to: &bytes, blocks: firstBlock + blocks)
        var rest: [UInt8] = []
        for (index, placement) in placed.enumerated() {
            bytes.append(zeros: Int(placement.node.number) * Erofs.slotSize - bytes.count)
            appendInode(placement, index, firstBlock + placement.block, to: &bytes)
            appendContent(of: placement, to: &bytes, blocks: &rest)
        }
        bytes.append(zeros: firstBlock * Int(Erofs.blockSize) - bytes.count)
        bytes += rest
        return bytes
    }

    /// `struct erofs_super_block` and one `struct erofs_deviceslot`.
    private func appendSuperblock(to bytes: inout [UInt8], blocks: Int) {
        bytes.append(little: Erofs.magic)
        bytes.append(zeros: 8)  // no checksum, no compatible features
        bytes.append(UInt8(Erofs.blockBits))
        bytes.append(0)  // no further slots of the superblock
        bytes.append(little: UInt16(placed[0].node.number))
        bytes.append(little: UInt64(placed.count))
        bytes.append(zeros: 12)  // the time of inodes that have none
        bytes.append(little: UInt32(blocks))
        bytes.append(zeros: 8)  // numbers of inodes count from the start; no shared attributes
        bytes += uuid
        bytes.append(zeros: 16)  // no name
        bytes.append(
            little: Erofs.chunkedFiles | (dataBlocks == nil ? 0 : Erofs.deviceTable))
        bytes.append(zeros: 2)  // no compression
        bytes.append(little: UInt16(dataBlocks == nil ? 0 : 1))  // extra devices
        let slot = (Erofs.superblockOffset + Erofs.superblockSize) / Erofs.deviceSize
        bytes.append(little: UInt16(slot))
        bytes.append(zeros: 38)
        bytes.append(zeros: 64)  // the device has no tag: whoever mounts names it
        bytes.append(little: dataBlocks ?? 0)
        bytes.append(zeros: 60)
    }

    /// `struct erofs_inode_extended`.
    private func appendInode(
        _ placement: Placement, _ index: Int, _ block: Int, to bytes: inout [UInt8]
    ) {
        let node = placement.node
        var (size, location) = (0, UInt32(0))
        switch (placement.content, node.content) {
        case (.chunks(let data), _):
            size = Int(data.sizeInBytes)
            location = UInt32(data.chunkBits) | 0x20  // EROFS_CHUNK_FORMAT_INDEXES
        case (.directory(let directory), _):
            (size, location) = (directory.sizeInBytes, UInt32(block))
        case (.bytes(let target), _): (size, location) = (target.count, UInt32(block))
        case (.none, .characterDevice(let device)), (.none, .blockDevice(let device)):
            location = device.newEncoding
        case (.none, _): break
        }
        bytes.append(little: 1 | placement.layout.rawValue << 1)
        let attributes = node.attributesSizeInBytes
        bytes.append(
            little: UInt16(attributes == 0 ? 0 : (attributes - Erofs.attributesHeaderSize) / 4 + 1))
        bytes.append(little: UInt16(node.kind | node.permissions & 0o7777))
        bytes.append(zeros: 2)
        bytes.append(little: UInt64(size))
        bytes.append(little: location)
        bytes.append(little: UInt32(index + 1))
        bytes.append(little: node.owner)
        bytes.append(little: node.group)
        bytes.append(little: node.modified.seconds)
        bytes.append(little: UInt32(node.modified.nanoseconds))
        bytes.append(little: node.linkCount)
        bytes.append(zeros: 16)
        appendAttributes(of: node, to: &bytes)
    }

    /// `struct erofs_xattr_ibody_header` and each `struct erofs_xattr_entry`.
    private func appendAttributes(of node: ErofsNode, to bytes: inout [UInt8]) {
        guard !node.attributes.isEmpty else { return }
        bytes.append(zeros: Erofs.attributesHeaderSize)
        for attribute in node.attributes {
            bytes.append(UInt8(attribute.name.count))
            bytes.append(attribute.prefix.rawValue)
            bytes.append(little: UInt16(attribute.value.count))
            bytes += attribute.name
            bytes += attribute.value
            bytes.append(zeros: -bytes.count & 3)
        }
    }

    /// What follows the inode, and what goes into blocks of its own.
    private func appendContent(
        of placement: Placement, to bytes: inout [UInt8], blocks rest: inout [UInt8]
    ) {
        let content: [UInt8]
        switch placement.content {
        case .none: return
        case .chunks(let data):
            bytes.append(zeros: -bytes.count & 7)
            for block in data.chunks {  // struct erofs_inode_chunk_index
                bytes.append(little: UInt16(0))
                bytes.append(little: UInt16(block == nil ? 0 : 1))  // the extra device
                bytes.append(little: block ?? UInt32.max)
            }
            return
        case .directory(let directory): content = directory.bytes()
        case .bytes(let target): content = target
        }
        let inline = placement.layout == .inline ? content.count % Int(Erofs.blockSize) : 0
        let start = content.count - inline
        rest += content[..<start]
        rest.append(zeros: -rest.count & Int(Erofs.blockSize - 1))
        bytes += content[start...]
    }
}

extension ErofsNode {
    /// The type bits of its mode.
    fileprivate var kind: UInt32 {
        switch content {
        case .directory: S_IFDIR
        case .file, .smallFile: S_IFREG
        case .symlink: S_IFLNK
        case .characterDevice: S_IFCHR
        case .blockDevice: S_IFBLK
        case .fifo: S_IFIFO
        }
    }

    /// What its attributes take behind the inode.
    package var attributesSizeInBytes: Int {
        attributes.isEmpty
            ? 0
            : attributes.reduce(Erofs.attributesHeaderSize) { $0 + $1.sizeInBytes }
    }
}

extension DeviceNumber {
    /// The kernel's encoding in 32 bits (`new_encode_dev`).
    fileprivate var newEncoding: UInt32 {
        minor & 0xFF | major << 8 | (minor & ~0xFF) << 12
    }

    /// Whether the kernel has such a device: 12 bits for the major number, 20 for the minor one.
    package var fitsKernel: Bool { major < 1 << 12 && minor < 1 << 20 }
}
