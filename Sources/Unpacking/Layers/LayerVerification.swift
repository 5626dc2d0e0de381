package import Diagnostics
import Glibc
import Linux
package import OCI
package import Storage
package import SystemPackage

/// Compares an unpacked layer with its blob, file by file.
package struct LayerVerification: Sendable {
    private let store: ContentStore
    private let layers: Layers

    /// Compares layers of a store.
    package init(store: ContentStore, layers: Layers) {
        self.store = store
        self.layers = layers
    }

    /// The first difference between an unpacked layer and what its blob says; nil for none.
    ///
    /// - Parameters:
    ///   - diffID: the layer.
    ///   - blob: a blob of it, whose digest is right.
    /// - Returns: a sentence, or nil.
    /// - Throws: what keeps it from reading the blob or the files.
    package func difference(of diffID: Digest, from blob: Digest) throws(Problem) -> String? {
        let record: LayerRecord
        do throws(Problem) {
            record = try layers.record(of: diffID)
        } catch {
            return "its record cannot be read: \(error.why)"
        }
        guard record.diffID == diffID else { return "its record is that of \(record.diffID)" }
        let path: FilePath
        do throws(Problem) {
            path = try layers.show(diffID)
        } catch {
            return "its files cannot be shown: \(error.why)"
        }
        return try difference(
            of: path, from: blob, leavingOut: nil, entries: record.entries,
            mayLackAttributes: record.skippedAttributes > 0)
    }

    /// The first difference between files that came by a table of contents and what the layer's
    /// blob says; nil for none.
    ///
    /// - Parameters:
    ///   - files: their root.
    ///   - diffID: the layer, which has come whole.
    ///   - blob: its blob, whose digest is right.
    /// - Returns: a sentence, or nil.
    /// - Throws: what keeps it from reading the blob or the files.
    package func difference(
        ofArriving files: FilePath, of diffID: Digest, from blob: Digest
    ) throws(Problem) -> String? {
        try difference(
            of: files, from: blob, leavingOut: Array(ContentsDocument.name.utf8), entries: nil,
            mayLackAttributes: try layers.record(of: diffID).skippedAttributes > 0)
    }

    private func difference(
        of files: FilePath, from blob: Digest, leavingOut omitted: [UInt8]?, entries: Int?,
        mayLackAttributes: Bool
    ) throws(Problem) -> String? {
        let root: OpenDirectory
        let data: LayerData?
        do throws(SystemCallError) {
            data = try LayerData(of: files)
            root = try OpenDirectory(at: files)
        } catch {
            return "its files cannot be opened: \(error)"
        }
        var expected = ExpectedTree()
        var reader = try reader(of: blob)
        while let entry = try reader.nextEntry() { try expected.add(entry) }
        if let entries, expected.entries != entries {
            return "its record says \(entries) entries, and its archive has \(expected.entries)"
        }
        let lacksDevices = try asking("cannot find out who has unpacked the layer") {
            () throws(SystemCallError) in try !UserNamespace.isInitial()
        }
        var comparison = TreeComparisonRun(
            walker: DirectoryWalker(root: root), data: data, mayLackAttributes: mayLackAttributes,
            lacksDevices: lacksDevices)
        reader = try self.reader(of: blob)
        var ordinal = 0
        while let entry = try reader.nextEntry() {
            defer { ordinal += 1 }
            let path = try LayerPath(entry.name)
            guard !path.isRoot, path.joined != omitted, expected.isLast(ordinal, of: path.joined)
            else { continue }
            if let difference = try comparison.difference(at: path, from: entry, &reader) {
                return "\(display(path.joined)) \(difference)"
            }
        }
        return try comparison.unexpected(expected)
    }

    private func reader(of blob: Digest) throws(Problem) -> TarReader {
        TarReader(
            try decompressed(
                FileSource(try store.open(blob), named: "the blob \(blob)"), limit: .none))
    }
}

/// The names that an archive leaves behind, and which of its members made each.
private struct ExpectedTree {
    private(set) var entries = 0
    private var makers: [[UInt8]: Int] = [:]
    private var directories: Set<[UInt8]> = []
    private var links: Set<[UInt8]> = []
    /// Whether a member's path leads through a symbolic link: it is then somewhere else.
    private(set) var leadsThroughLinks = false

    mutating func add(_ entry: TarEntry) throws(Problem) {
        let path = try LayerPath(entry.name)
        defer { entries += 1 }
        guard !path.isRoot else { return }
        try addParents(of: path)
        var name = path.joined
        if path.name.starts(with: Whiteout.prefix) {
            switch try Whiteout(path.name, of: entry.name) {
            case .opaque, .bookkeeping: return
            case .name(let hidden):
                name = Unpacking.joined(path.parent, hidden)
                if makers[name] != nil { return }
            }
        }
        if entry.kind != .directory, directories.remove(name) != nil {
            let beneath = name + [UInt8(ascii: "/")]
            for key in makers.keys where key.starts(with: beneath) { makers[key] = nil }
        }
        if entry.kind == .directory { directories.insert(name) }
        if entry.kind == .symlink { links.insert(name) } else { links.remove(name) }
        makers[name] = entries
    }

    /// Whether a member is the last one of its path, so that it decides how that looks.
    func isLast(_ ordinal: Int, of path: [UInt8]) -> Bool { makers[path] == ordinal }

    func contains(_ path: [UInt8]) -> Bool { makers[path] != nil }

    private mutating func addParents(of path: LayerPath) throws(Problem) {
        var parent = path.parent
        while !parent.isEmpty, makers[parent] == nil {
            makers[parent] = -1  // made because something is in it
            directories.insert(parent)
            parent = LayerPath(normalised: parent).parent
        }
        if links.contains(parent) || links.contains(path.parent) { leadsThroughLinks = true }
    }
}

/// A comparison of members with the files that they were unpacked to.
private struct TreeComparisonRun {
    var walker: DirectoryWalker
    /// Where the files' data is, when they have none themselves.
    let data: LayerData?
    let mayLackAttributes: Bool
    let lacksDevices: Bool

    private static let isRoot = geteuid() == 0

    /// How the file of a member differs from it; nil when it does not.
    mutating func difference(
        at path: LayerPath, from entry: TarEntry, _ reader: inout TarReader
    ) throws(Problem) -> String? {
        let what = "cannot read \(display(path.joined)) of the layer"
        // Whoever unpacked it left them out.
        if lacksDevices, entry.isDevice { return nil }
        let parent: DirectoryWalker.Node
        do throws(Problem) {
            parent = try walker.directory(at: path.parent, makesMissing: false)
        } catch  where error.kind == .notFound {
            return "is missing"
        }
        let name = cString(path.name)
        let status = try asking(what) { () throws(SystemCallError) in
            try parent.directory.status(of: name)
        }
        guard let status else { return "is missing" }
        if entry.kind == .hardLink {
            return try linkDifference(entry, status)
        }
        if let difference = Self.difference(status, entry) { return difference }
        if entry.kind == .symlink {
            let target = try asking(what) { () throws(SystemCallError) in
                try parent.directory.symlinkTarget(name)
            }
            return bytes(of: target) == entry.linkTarget ? nil : "points somewhere else"
        }
        if let difference = try attributeDifference(entry, name, in: parent) { return difference }
        guard entry.kind == .file else { return nil }
        let file = try asking(what) { () throws(SystemCallError) in
            try parent.directory.openFile(name)
        }
        var elsewhere: OwnedFD?
        do throws(SystemCallError) {
            elsewhere = try data?.file(of: file)
        } catch {
            return "has lost its content: \(error)"
        }
        guard let content = elsewhere.take() else {
            return try contentDifference(entry, file, &reader)
        }
        return try contentDifference(entry, content, &reader)
    }

    private static func difference(_ status: FileStatus, _ entry: TarEntry) -> String? {
        let kinds: [TarEntry.Kind: FileStatus.Kind] = [
            .file: .file, .symlink: .symlink, .characterDevice: .characterDevice,
            .blockDevice: .blockDevice, .directory: .directory, .fifo: .fifo,
        ]
        guard kinds[entry.kind] == status.kind else { return "is of another kind" }
        if entry.kind != .symlink, status.permissions != entry.permissions & 0o7777 {
            return "has the mode \(String(status.permissions, radix: 8)) and not "
                + String(entry.permissions & 0o7777, radix: 8)
        }
        if isRoot, status.owner != entry.owner || status.group != entry.group {
            return "belongs to \(status.owner):\(status.group) and not to "
                + "\(entry.owner):\(entry.group)"
        }
        let size = entry.sparse?.sizeInBytes ?? entry.sizeInBytes
        if entry.kind == .file, status.sizeInBytes != size {
            return "has \(status.sizeInBytes) bytes and not \(size)"
        }
        if status.kind == .characterDevice || status.kind == .blockDevice,
            status.device != entry.device
        {
            return "is another device"
        }
        return status.modified.seconds == entry.modified.seconds ? nil : "was changed since"
    }

    private mutating func linkDifference(
        _ entry: TarEntry, _ status: FileStatus
    ) throws(Problem) -> String? {
        let target = try LayerPath(entry.linkTarget)
        let directory = try walker.directory(at: target.parent, makesMissing: false)
        let other = try asking("cannot read \(display(target.joined)) of the layer") {
            () throws(SystemCallError) in try directory.directory.status(of: cString(target.name))
        }
        return other?.identity == status.identity ? nil : "is no link to \(display(target.joined))"
    }

    private func attributeDifference(
        _ entry: TarEntry, _ name: [CChar], in parent: DirectoryWalker.Node
    ) throws(Problem) -> String? {
        for attribute in entry.attributes where !LayerUnpacker.isPassedOver(attribute) {
            let value = try asking("cannot read \(attribute.name) of \(entry.displayName)") {
                () throws(SystemCallError) in
                try parent.directory.attribute(attribute.name, of: name)
            }
            if value == nil, mayLackAttributes { continue }
            if value != attribute.value { return "has another \(attribute.name)" }
        }
        return nil
    }

    private func contentDifference(
        _ entry: TarEntry, _ file: borrowing OwnedFD, _ reader: inout TarReader
    ) throws(Problem) -> String? {
        let ranges = entry.sparse?.ranges ?? [0..<entry.sizeInBytes]
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { buffer.deallocate() }
        for range in ranges {
            var position = range.lowerBound
            while position < range.upperBound {
                let limit = Int(min(range.upperBound - position, Int64(buffer.count)))
                let wanted = try reader.readData(atMost: limit)
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted.count])
                let count: Int
                do throws(SystemCallError) {
                    count = try file.read(into: part, atOffsetInBytes: position)
                } catch {
                    return "cannot be read: \(error)"
                }
                guard part[..<count].elementsEqual(wanted) else { return "has other content" }
                position += Int64(count)
            }
        }
        return nil
    }

    /// The first file that is not in the archive.
    func unexpected(_ expected: ExpectedTree) throws(Problem) -> String? {
        guard !expected.leadsThroughLinks else { return nil }
        return try Self.unexpected(expected, in: walker.root.directory, at: []).map {
            "\(display($0)) is not in its archive"
        }
    }

    private static func unexpected(
        _ expected: ExpectedTree, in directory: borrowing OpenDirectory, at path: [UInt8]
    ) throws(Problem) -> [UInt8]? {
        let what = "cannot list \(display(path)) of the layer"
        let names = try asking(what) { () throws(SystemCallError) in try directory.names() }
        for name in names {
            let own = joined(path, bytes(of: name))
            guard expected.contains(own) else { return own }
            let status = try asking(what) { () throws(SystemCallError) in
                try directory.status(of: name)
            }
            guard status?.kind == .directory else { continue }
            let inner = try asking(what) { () throws(SystemCallError) in
                try directory.directory(name)
            }
            if let found = try unexpected(expected, in: inner, at: own) { return found }
        }
        return nil
    }
}
