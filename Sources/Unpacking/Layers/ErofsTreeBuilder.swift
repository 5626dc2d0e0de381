import Diagnostics
import Linux
import Storage

/// Makes the tree of an EROFS image from the members of a layer's archive.
///
/// It is the tree that ``LayerUnpacker`` would unpack. What it does not take in, it says: what the
/// format has no place for, and what only a file system can judge (a path through a symbolic link,
/// an ACL, a wrong value). Such a layer is to be unpacked, which also tells what is wrong.
struct ErofsTreeBuilder {
    let root = ErofsNode.implicitDirectory()
    private(set) var tally = LayerUnpacker.Tally()
    /// The directory of the last member: the next one is mostly in it too.
    private var lastParent: ErofsNode
    private var lastParentPath: [UInt8] = []

    /// A longer path is none that a process could open.
    private static let longestPath = 4096
    /// What the attributes of one file may take.
    private static let mostAttributesInBytes = 1 << 17

    init() { lastParent = root }

    /// What a file holds, and where.
    struct FileContent {
        var content: ErofsNode.Content
        /// What says that the data is elsewhere.
        var attributes: [ErofsAttribute] = []
    }

    /// Adds a member whose data lies in an extra device.
    ///
    /// - Parameters:
    ///   - entry: the member.
    ///   - position: where its data begins in the device.
    /// - Returns: false when the layer cannot be an image.
    /// - Throws: `.invalid` for a path that leaves the layer's root.
    mutating func add(_ entry: TarEntry, dataAt position: Int64) throws(Problem) -> Bool {
        try add(entry) { entry in
            var extents: [ErofsData.Extent] = []
            var position = position
            for range in entry.dataRanges {
                extents.append(ErofsData.Extent(range, at: position))
                position += Int64(range.count)
            }
            return ErofsData(sizeInBytes: entry.fileSizeInBytes, extents: extents)
                .map { FileContent(content: .file($0)) }
        }
    }

    /// Adds a member.
    ///
    /// - Parameters:
    ///   - entry: the member.
    ///   - file: is asked what a file holds; nil where the image has no place for it.
    /// - Returns: false when the layer cannot be an image.
    /// - Throws: `.invalid` for a path that leaves the layer's root; what `file` throws.
    mutating func add(
        _ entry: TarEntry, _ file: (TarEntry) throws(Problem) -> FileContent?
    ) throws(Problem) -> Bool {
        let path = try LayerPath(entry.name)
        tally.count(entry)
        if path.isRoot {
            guard entry.kind == .directory else {
                throw leavesRoot(entry.name, "it stands for the root and is no directory")
            }
            return setAttributes(of: root, from: entry)
        }
        guard entry.name.count <= Self.longestPath, path.name.count <= ErofsNode.longestName,
            let parent = directory(at: path.parent, makesMissing: true)
        else { return false }
        if path.name.starts(with: Whiteout.prefix) {
            add(try Whiteout(path.name, of: entry.name), in: parent)
            return true
        }
        if entry.kind == .hardLink { return try addLink(entry, path, in: parent) }
        let existing = parent.children[path.name]
        if let existing, existing.isDirectory, entry.kind == .directory {
            return setAttributes(of: existing, from: entry)
        }
        guard let content = try content(of: entry, file) else { return false }
        let node = ErofsNode(content.content)
        for attribute in content.attributes { node.set(attribute) }
        if existing?.isWhiteout == true, node.isDirectory { node.set(ErofsAttribute.opaque) }
        if existing?.isDirectory == true { forgetParent() }
        parent.set(node, named: path.name)
        return setAttributes(of: node, from: entry)
    }

    /// Marks what lower layers lose; see ``LayerUnpacker``.
    private func add(_ whiteout: Whiteout, in parent: ErofsNode) {
        switch whiteout {
        case .bookkeeping: return
        case .opaque: parent.set(ErofsAttribute.opaque)
        case .name(let name):
            guard let existing = parent.children[name] else {
                let mark = ErofsNode(.characterDevice(DeviceNumber(rawValue: 0)))
                return parent.set(mark, named: name)
            }
            if existing.isDirectory { existing.set(ErofsAttribute.opaque) }
        }
    }

    private mutating func addLink(
        _ entry: TarEntry, _ path: LayerPath, in parent: ErofsNode
    ) throws(Problem) -> Bool {
        let target = try LayerPath(entry.linkTarget)
        guard !target.isRoot else { throw leavesRoot(entry.name, "it links to the root") }
        if target == path { return true }
        guard let directory = directory(at: target.parent, makesMissing: false),
            let node = directory.children[target.name], !node.isDirectory,
            parent.children[path.name]?.isDirectory != true
        else { return false }
        parent.set(node, named: path.name)
        return true
    }

    private mutating func content(
        of entry: TarEntry, _ file: (TarEntry) throws(Problem) -> FileContent?
    ) throws(Problem) -> FileContent? {
        switch entry.kind {
        case .directory: return FileContent(content: .directory)
        case .hardLink: return nil
        case .fifo: return FileContent(content: .fifo)
        case .characterDevice, .blockDevice:
            guard entry.device.fitsKernel else { return nil }
            return FileContent(
                content: entry.kind == .blockDevice
                    ? .blockDevice(entry.device) : .characterDevice(entry.device))
        case .symlink:
            guard (1...ErofsNode.longestTarget).contains(entry.linkTarget.count) else { return nil }
            return FileContent(content: .symlink(entry.linkTarget))
        case .file:
            for range in entry.dataRanges { tally.dataInBytes += Int64(range.count) }
            return try file(entry)
        }
    }

    private mutating func setAttributes(of node: ErofsNode, from entry: TarEntry) -> Bool {
        // A symbolic link has none of its own; Linux shows them all.
        node.permissions = entry.kind == .symlink ? 0o777 : entry.permissions & 0o7777
        node.owner = entry.owner
        node.group = entry.group
        node.modified = entry.modified
        for attribute in entry.attributes where !LayerUnpacker.isPassedOver(attribute) {
            guard !attribute.name.hasPrefix("system.") else { return false }  // an ACL
            guard let own = ErofsAttribute(name: attribute.name, value: attribute.value) else {
                tally.skippedAttributes += 1
                continue
            }
            guard own.fits, node.takes(attribute) else { return false }
            node.set(own)
        }
        return node.attributesSizeInBytes <= Self.mostAttributesInBytes
    }
}

extension ErofsTreeBuilder {
    /// The directory at a normalised path; nil where something else is on the way.
    private mutating func directory(at path: [UInt8], makesMissing: Bool) -> ErofsNode? {
        if path == lastParentPath { return lastParent }
        var directory = root
        for component in path.split(separator: UInt8(ascii: "/")) {
            let name = Array(component)
            if let child = directory.children[name] {
                guard child.isDirectory else { return nil }
                directory = child
            } else {
                guard makesMissing, name.count <= ErofsNode.longestName else { return nil }
                let child = ErofsNode.implicitDirectory()
                directory.set(child, named: name)
                directory = child
            }
        }
        (lastParent, lastParentPath) = (directory, path)
        return directory
    }

    /// Forgets the last directory, which may be gone.
    private mutating func forgetParent() { (lastParent, lastParentPath) = (root, []) }
}

extension TarEntry {
    /// The parts of a file that the archive holds.
    var dataRanges: [Range<Int64>] {
        (sparse?.ranges ?? [0..<sizeInBytes]).filter { !$0.isEmpty }
    }

    /// The size of a file with all gaps.
    var fileSizeInBytes: Int64 { sparse?.sizeInBytes ?? sizeInBytes }
}

extension ErofsNode {
    /// A directory that no member of the archive describes.
    fileprivate static func implicitDirectory() -> ErofsNode {
        let directory = ErofsNode(.directory)
        directory.permissions = 0o755
        return directory
    }

    /// A file of root's, without permissions, of 1970.
    fileprivate convenience init(_ content: Content) {
        self.init(
            content, permissions: 0, owner: 0, group: 0,
            modified: FileTime(seconds: 0, nanoseconds: 0))
    }

    /// Whether the kernel would let root set this attribute.
    fileprivate func takes(_ attribute: TarEntry.Attribute) -> Bool {
        if attribute.name == "security.capability" {
            return [20, 24].contains(attribute.value.count)  // with and without a root user
        }
        guard attribute.name.hasPrefix("user.") else { return true }
        switch content {
        case .directory, .file, .smallFile: return true
        case .symlink, .characterDevice, .blockDevice, .fifo: return false
        }
    }
}
