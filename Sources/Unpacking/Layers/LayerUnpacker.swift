import Diagnostics
import Glibc
import Linux
import Storage
import SystemPackage

/// Unpacks a layer's tar archive into a directory, as overlayfs wants a lower layer.
///
/// image-spec, layer.md. Whiteouts become what overlayfs understands; owners, modes, times, links,
/// devices and extended attributes are those of the archive. Nothing outside the directory is read
/// or written, whatever the archive says: see ``LayerPath`` and ``DirectoryWalker``.
struct LayerUnpacker {
    var walker: DirectoryWalker
    private(set) var tally = Tally()
    /// Whether names that begin with `.wh.` say what lower layers lose.
    var readsWhiteouts = true
    /// The maps of the user namespace whose users the members' owners are; nil for none.
    var owners: UserMaps?
    /// What directories get when all is unpacked, and nothing in them changes any more.
    private var deferred: [DeferredAttributes?] = []
    private var deferredIndex: [[UInt8]: Int] = [:]
    let isRoot = geteuid() == 0
    let owner = geteuid()
    let group = getegid()
    let isInUserNamespace: Bool

    /// What was unpacked.
    struct Tally: Sendable, Equatable {
        var entries = 0
        /// The bytes of files, without the gaps of sparse ones.
        var dataInBytes: Int64 = 0
        /// Attributes that the file system cannot hold.
        var skippedAttributes = 0
        /// The highest user or group that a member belongs to, but nobody.
        var highestID: UInt32 = 0

        /// Counts a member.
        mutating func count(_ entry: TarEntry) {
            entries += 1
            // Nobody is who a user namespace shows in the place of everyone that it lacks.
            for id in [entry.owner, entry.group] where id > highestID && id != 65534 {
                highestID = id
            }
        }
    }

    private struct DeferredAttributes {
        var path: LayerPath
        var permissions: UInt32
        var modified: FileTime
    }

    /// Unpacks into an empty directory.
    ///
    /// - Throws: when `/proc` is not mounted.
    init(into directory: consuming OpenDirectory) throws(Problem) {
        walker = DirectoryWalker(root: directory)
        isInUserNamespace = try asking("cannot find out who unpacks the layer") {
            () throws(SystemCallError) in try !UserNamespace.isInitial()
        }
    }

    /// Unpacks a whole archive and reads its source to the end.
    ///
    /// The calling thread's umask must be 0.
    mutating func unpack(_ reader: inout TarReader) throws(Problem) {
        while var entry = try reader.nextEntry() {
            if let owners { entry.giveOwner(by: owners) }
            try unpack(entry, from: &reader)
        }
        try applyDeferred()
        try reader.drain()
    }

    private mutating func unpack(
        _ entry: TarEntry, from reader: inout TarReader
    ) throws(Problem) {
        let path = try LayerPath(entry.name)
        tally.count(entry)
        if path.isRoot {
            guard entry.kind == .directory else {
                throw leavesRoot(entry.name, "it stands for the root and is no directory")
            }
            try setDirectory(entry, path, in: walker.root, ".")
            return
        }
        if isLeftOut(entry) { return }
        let parent = try walker.directory(at: path.parent, makesMissing: true)
        if readsWhiteouts, path.name.starts(with: Whiteout.prefix) {
            return try unpackWhiteout(Whiteout(path.name, of: entry.name), in: parent, path)
        }
        let name = cString(path.name)
        do throws(SystemCallError) {
            try make(entry, name, in: parent)
        } catch  where error.errno == .fileExists {
            try replace(entry, path, name, in: parent)
        } catch {
            throw Problem(error, what: "cannot unpack \(entry.displayName) of the layer")
        }
        try finish(entry, path, name, in: parent, from: &reader)
    }

    /// Makes what is not a regular file or hard link; EEXIST when the name is taken.
    private func make(
        _ entry: TarEntry, _ name: [CChar], in parent: DirectoryWalker.Node
    ) throws(SystemCallError) {
        let permissions = entry.permissions & 0o7777
        switch entry.kind {
        case .file, .hardLink: return
        case .directory:
            try parent.directory.makeDirectory(name, permissions: permissions & 0o777 | 0o700)
        case .symlink:
            try parent.directory.makeSymlink(name, target: cString(entry.linkTarget))
        case .characterDevice:
            try parent.directory.makeNode(
                name, mode: S_IFCHR | permissions, device: entry.device)
        case .blockDevice:
            try parent.directory.makeNode(
                name, mode: S_IFBLK | permissions, device: entry.device)
        case .fifo:
            try parent.directory.makeNode(
                name, mode: S_IFIFO | permissions, device: DeviceNumber(rawValue: 0))
        }
    }

    /// Makes an entry whose name is taken: a directory keeps its content, all else is replaced.
    private mutating func replace(
        _ entry: TarEntry, _ path: LayerPath, _ name: [CChar], in parent: DirectoryWalker.Node
    ) throws(Problem) {
        do throws(SystemCallError) {
            let existing = try parent.directory.status(of: name)
            if existing?.kind == .directory, entry.kind == .directory { return }
            try clear(path, name, in: parent)
            try make(entry, name, in: parent)
            if existing?.isWhiteout == true, entry.kind == .directory {
                try makeOpaque(parent.directory.directory(name))
            }
        } catch {
            throw Problem(error, what: "cannot unpack \(entry.displayName) of the layer")
        }
    }

    /// Removes what a later member takes the place of.
    private mutating func clear(
        _ path: LayerPath, _ name: [CChar], in parent: DirectoryWalker.Node
    ) throws(SystemCallError) {
        if try parent.directory.status(of: name)?.kind == .directory {
            // Another directory may come to stand behind the same path, by a symbolic link.
            let below = path.joined + [UInt8(ascii: "/")]
            for (key, index) in deferredIndex where key == path.joined || key.starts(with: below) {
                deferred[index] = nil
                deferredIndex[key] = nil
            }
        }
        try parent.directory.removeTree(name)
        walker.forget()
    }

    private mutating func finish(
        _ entry: TarEntry, _ path: LayerPath, _ name: [CChar], in parent: DirectoryWalker.Node,
        from reader: inout TarReader
    ) throws(Problem) {
        switch entry.kind {
        case .directory: try setDirectory(entry, path, in: parent, name)
        case .file: try unpackFile(entry, path, name, in: parent, from: &reader)
        case .hardLink: try unpackHardLink(entry, path, name, in: parent)
        case .symlink, .characterDevice, .blockDevice, .fifo:
            do throws(SystemCallError) {
                if needsOwner(entry) {
                    try parent.directory.setOwner(name, owner: entry.owner, group: entry.group)
                    if entry.kind != .symlink, entry.permissions & 0o6000 != 0 {
                        try parent.directory.setPermissions(name, entry.permissions)
                    }
                }
                try parent.directory.setModified(name, entry.modified)
            } catch {
                throw problem(
                    error, of: entry, what: "cannot set the owner and times of \(entry.displayName)"
                )
            }
            for attribute in entry.attributes {
                try set(attribute, of: entry) { attribute throws(SystemCallError) in
                    try parent.directory.setAttribute(
                        attribute.name, of: name, to: attribute.value)
                }
            }
        }
    }
}

extension LayerUnpacker {
    private mutating func unpackFile(
        _ entry: TarEntry, _ path: LayerPath, _ name: [CChar], in parent: DirectoryWalker.Node,
        from reader: inout TarReader
    ) throws(Problem) {
        let what = "cannot unpack \(entry.displayName) of the layer"
        let file = try asking(what) { () throws(SystemCallError) in
            try makeFile(entry, path, name, in: parent)
        }
        try writeData(of: entry, to: file, from: &reader)
        do throws(SystemCallError) {
            if needsOwner(entry) {
                try file.changeOwner(user: entry.owner, group: entry.group)
            }
            if entry.permissions & 0o7000 != 0 {  // open(2) and chown(2) drop these bits
                try file.changePermissions(
                    to: FilePermissions(rawValue: entry.permissions & 0o7777))
            }
        } catch {
            throw problem(error, of: entry, what: what)
        }
        for attribute in entry.attributes {
            try set(attribute, of: entry) { attribute throws(SystemCallError) in
                try file.setExtendedAttribute(attribute.name, to: attribute.value)
            }
        }
        try asking(what) { () throws(SystemCallError) in try file.setModified(entry.modified) }
    }

    private mutating func makeFile(
        _ entry: TarEntry, _ path: LayerPath, _ name: [CChar], in parent: DirectoryWalker.Node
    ) throws(SystemCallError) -> OwnedFD {
        do throws(SystemCallError) {
            return try parent.directory.makeFile(name, permissions: entry.permissions & 0o777)
        } catch  where error.errno == .fileExists {
            try clear(path, name, in: parent)
            return try parent.directory.makeFile(name, permissions: entry.permissions & 0o777)
        }
    }

    private mutating func writeData(
        of entry: TarEntry, to file: borrowing OwnedFD, from reader: inout TarReader
    ) throws(Problem) {
        guard let sparse = entry.sparse else {
            return try copy(to: file, from: &reader, count: entry.sizeInBytes)
        }
        for range in sparse.ranges {
            do throws(SystemCallError) {
                try file.seek(toOffsetInBytes: range.lowerBound)
            } catch {
                throw Problem(error, what: "cannot unpack \(entry.displayName) of the layer")
            }
            try copy(to: file, from: &reader, count: Int64(range.count))
        }
        do throws(SystemCallError) {
            try file.truncate(toSizeInBytes: sparse.sizeInBytes)
        } catch {
            throw Problem(error, what: "cannot unpack \(entry.displayName) of the layer")
        }
    }

    private mutating func copy(
        to file: borrowing OwnedFD, from reader: inout TarReader, count: Int64
    ) throws(Problem) {
        var rest = count
        while rest > 0 {
            let bytes = try reader.readData(atMost: Int(min(rest, 1 << 30)))
            do throws(SystemCallError) {
                try file.writeAll(bytes)
            } catch {
                throw Problem(error, what: "cannot write a file of the layer")
            }
            rest -= Int64(bytes.count)
        }
        tally.dataInBytes += count
    }

    private mutating func unpackHardLink(
        _ entry: TarEntry, _ path: LayerPath, _ name: [CChar], in parent: DirectoryWalker.Node
    ) throws(Problem) {
        let target = try LayerPath(entry.linkTarget)
        guard !target.isRoot else { throw leavesRoot(entry.name, "it links to the root") }
        if target == path { return }  // a second name that is the first changes nothing
        let directory = try walker.directory(at: target.parent, makesMissing: false)
        let targetName = cString(target.name)
        do throws(SystemCallError) {
            do throws(SystemCallError) {
                try parent.directory.makeLink(name, to: targetName, in: directory.directory)
            } catch  where error.errno == .fileExists {
                guard try directory.directory.status(of: targetName) != nil else { throw error }
                try clear(path, name, in: parent)
                try parent.directory.makeLink(name, to: targetName, in: directory.directory)
            }
        } catch {
            throw Problem(
                error,
                what: "cannot unpack \(entry.displayName) of the layer as a link to "
                    + String(decoding: entry.linkTarget, as: UTF8.self))
        }
    }

    private mutating func setDirectory(
        _ entry: TarEntry, _ path: LayerPath, in parent: DirectoryWalker.Node,
        _ name: [CChar]
    ) throws(Problem) {
        if needsOwner(entry) {
            do throws(SystemCallError) {
                try parent.directory.setOwner(name, owner: entry.owner, group: entry.group)
            } catch {
                throw problem(
                    error, of: entry, what: "cannot set the owner of \(entry.displayName)")
            }
        }
        for attribute in entry.attributes {
            try set(attribute, of: entry) { attribute throws(SystemCallError) in
                try parent.directory.setAttribute(attribute.name, of: name, to: attribute.value)
            }
        }
        let attributes = DeferredAttributes(
            path: path, permissions: entry.permissions, modified: entry.modified)
        if let index = deferredIndex[path.joined] {
            deferred[index] = attributes
        } else {
            deferredIndex[path.joined] = deferred.count
            deferred.append(attributes)
        }
    }

    private mutating func setDirectory(
        _ entry: TarEntry, _ path: LayerPath, in parent: DirectoryWalker.Node, _ name: String
    ) throws(Problem) {
        try setDirectory(entry, path, in: parent, cString(Array(name.utf8)))
    }

    /// Gives directories their modes and times; children first, as a mode may close the way.
    private mutating func applyDeferred() throws(Problem) {
        for attributes in deferred.reversed() {
            guard let attributes, let parent = try parent(of: attributes) else { continue }
            let name = attributes.path.isRoot ? [46, 0] : cString(attributes.path.name)
            do throws(SystemCallError) {
                let directory = try parent.directory.directory(name)
                try directory.descriptor.changePermissions(
                    to: FilePermissions(rawValue: attributes.permissions & 0o7777))
                try directory.descriptor.setModified(attributes.modified)
            } catch
                where error.errno == .notDirectory || error.errno == .noSuchFileOrDirectory
                || error.errno == .tooManySymbolicLinkLevels
            {
                continue  // a later member took the directory's place
            } catch {
                let path = String(decoding: attributes.path.joined, as: UTF8.self)
                throw Problem(error, what: "cannot set the mode and time of \(path)")
            }
        }
    }

    /// The directory that holds another one; nil where a later member, which the way to it led through
    /// as a link, took its place.
    private mutating func parent(
        of attributes: DeferredAttributes
    ) throws(Problem) -> DirectoryWalker.Node? {
        do throws(Problem) {
            return try walker.directory(at: attributes.path.parent, makesMissing: false)
        } catch  where error.kind == .invalid || error.kind == .notFound {
            return nil
        }
    }

    /// Whether an attribute is overlayfs's own or means something only outside containers.
    static func isPassedOver(_ attribute: TarEntry.Attribute) -> Bool {
        attribute.name.hasPrefix("trusted.") || attribute.name.hasPrefix("user.overlay.")
    }

    /// Sets an attribute unless it is overlayfs's own or means something only outside containers.
    private mutating func set(
        _ attribute: TarEntry.Attribute, of entry: TarEntry,
        _ body: (TarEntry.Attribute) throws(SystemCallError) -> Void
    ) throws(Problem) {
        let name = attribute.name
        guard !Self.isPassedOver(attribute) else { return }
        do throws(SystemCallError) {
            try body(attribute)
        } catch  where error.errno == .notSupported && name != "security.capability" {
            tally.skippedAttributes += 1
        } catch {
            throw Problem(error, what: "cannot set \(name) of \(entry.displayName)")
        }
    }
}
