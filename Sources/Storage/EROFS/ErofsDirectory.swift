/// The entries of a directory as an EROFS image has them: sorted, in blocks.
///
/// A block is its entries and then their names. A name ends where the next one begins, the last one
/// with the block.
struct ErofsDirectory {
    let node: ErofsNode
    private let parent: ErofsNode
    private let entries: [Entry]
    /// The index behind the last entry of each block.
    private let ends: [Int]
    /// The bytes of all blocks; the last one ends with its last name.
    let sizeInBytes: Int

    private struct Entry {
        var name: [UInt8]
        var node: ErofsNode
    }

    init(_ directory: ErofsNode, parent: ErofsNode) {
        node = directory
        self.parent = parent
        var entries = directory.children.map { Entry(name: $0.key, node: $0.value) }
        entries.append(Entry(name: Array(".".utf8), node: directory))
        entries.append(Entry(name: Array("..".utf8), node: parent))
        entries.sort { $0.name.lexicographicallyPrecedes($1.name) }
        var ends: [Int] = []
        var used = 0
        for (index, entry) in entries.enumerated() {
            let size = Erofs.entrySize + entry.name.count
            if used + size > Int(Erofs.blockSize) {
                ends.append(index)
                used = 0
            }
            used += size
        }
        sizeInBytes = ends.count * Int(Erofs.blockSize) + used
        ends.append(entries.count)
        self.ends = ends
        self.entries = entries
    }

    /// What it holds, in the order of the names.
    var children: some Sequence<ErofsNode> {
        entries.lazy.map(\.node).filter { $0 !== node && $0 !== parent }
    }

    /// The bytes of all blocks; every node has its number.
    func bytes() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(sizeInBytes)
        var start = 0
        for end in ends {
            bytes.append(zeros: -bytes.count & Int(Erofs.blockSize - 1))
            let block = entries[start..<end]
            var nameOffset = block.count * Erofs.entrySize
            for entry in block {
                bytes.append(little: entry.node.number)
                bytes.append(little: UInt16(nameOffset))
                bytes.append(little: UInt16(entry.node.fileType))
                nameOffset += entry.name.count
            }
            for entry in block { bytes += entry.name }
            start = end
        }
        return bytes
    }
}

extension ErofsNode {
    /// The kind of file in a directory entry (`FT_…`).
    fileprivate var fileType: UInt8 {
        switch content {
        case .file, .smallFile: 1
        case .directory: 2
        case .characterDevice: 3
        case .blockDevice: 4
        case .fifo: 5
        case .symlink: 7
        }
    }
}

extension [UInt8] {
    /// Adds a number, the lowest byte first.
    mutating func append(little number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    mutating func append(zeros count: Int) {
        append(contentsOf: repeatElement(0, count: count))
    }
}
