import Linux

/// Finds what a container has changed in a copy of layers, by a comparison with them.
///
/// What differs in kind, permissions, owner, size, time of modification, device or target of a link
/// was changed. What looks the same, but was touched since the copy was whole (`st_ctime`), is
/// compared by content and attributes: so that everything is read only where the copy was restored
/// from a backup.
struct CopyComparison {
    private let completion: LayerCopy.Completion
    private let owners: UserMaps?
    /// The files with several names of which one was changed.
    private var linked: Set<FileStatus.Identity> = []
    /// Other names of such files that look unchanged: without them the link would be lost.
    private var unchangedLinks: [UnchangedLink] = []

    private struct UnchangedLink {
        let file: FileStatus.Identity
        let path: [[CChar]]
    }

    init(with completion: LayerCopy.Completion, ownersIn owners: UserMaps?) {
        self.completion = completion
        self.owners = owners
    }

    /// The changes of a copy's root.
    ///
    /// - Parameters:
    ///   - root: the copy.
    ///   - before: what the layers show.
    /// - Returns: the names that were changed.
    /// - Throws: what the kernel refuses.
    mutating func changes(
        of root: borrowing OpenDirectory, since before: MergedDirectory
    ) throws(SystemCallError) -> ChangeTree {
        var tree = try compare(root, before, at: [])
        for link in unchangedLinks where linked.contains(link.file) { tree.add(link.path[...]) }
        return tree
    }

    private mutating func compare(
        _ directory: borrowing OpenDirectory, _ before: MergedDirectory, at path: [[CChar]]
    ) throws(SystemCallError) -> ChangeTree {
        var tree = ChangeTree()
        for name in Set(try directory.names()).union(try before.names()) {
            let old = try before.entry(name)
            guard let status = try directory.status(of: name), !status.isWhiteout else {
                if old != nil { tree.changes[name] = .whole }
                continue
            }
            guard let old else {
                tree.changes[name] = .whole
                try noteLinks(of: name, status, in: directory)
                continue
            }
            tree.changes[name] = try compare(name, status, in: directory, old, at: path + [name])
        }
        return tree
    }

    private mutating func compare(
        _ name: [CChar], _ status: FileStatus, in directory: borrowing OpenDirectory,
        _ old: MergedDirectory.Entry, at path: [[CChar]]
    ) throws(SystemCallError) -> ChangeTree.Change? {
        guard status.kind == .directory, case .directory(let before, let oldStatus) = old else {
            if try isSame(name, status, in: directory, as: old) {
                if status.linkCount > 1, isTouched(status) {
                    unchangedLinks.append(UnchangedLink(file: status.identity, path: path))
                }
                return nil
            }
            try noteLinks(of: name, status, in: directory)
            return .whole
        }
        if completion.tellsBirths, isTouched(status),
            let birth = try directory.birthTime(of: name), birth > completion.time
        {
            try noteLinks(of: name, status, in: directory)
            return .whole
        }
        let tree = try compare(directory.directory(name), before, at: path)
        guard tree.changes.isEmpty, hasSameAttributes(status, as: oldStatus) else {
            return .part(tree)
        }
        guard isTouched(status) else { return nil }
        return try hasSameNotes(name, in: directory, as: old) ? nil : .part(tree)
    }

    /// Remembers files with several names that are new or changed, and those in a new directory.
    private mutating func noteLinks(
        of name: [CChar], _ status: FileStatus, in directory: borrowing OpenDirectory
    ) throws(SystemCallError) {
        guard status.kind == .directory else {
            if status.linkCount > 1 { linked.insert(status.identity) }
            return
        }
        let inner = try directory.directory(name)
        for name in try inner.names() {
            guard let status = try inner.status(of: name) else { continue }
            try noteLinks(of: name, status, in: inner)
        }
    }

    /// Whether something happened to a file after the copy was whole, or in that moment.
    private func isTouched(_ status: FileStatus) -> Bool { status.changed >= completion.time }

    private func hasSameAttributes(_ status: FileStatus, as before: FileStatus) -> Bool {
        let owner = before.owner(outside: owners)
        return status.permissions == before.permissions && status.owner == owner.user
            && status.group == owner.group && status.modified == before.modified
    }

    /// Whether two entries that are not both directories are the same.
    private func isSame(
        _ name: [CChar], _ status: FileStatus, in directory: borrowing OpenDirectory,
        as old: MergedDirectory.Entry
    ) throws(SystemCallError) -> Bool {
        guard case .other(let holder, let before) = old, status.kind == before.kind,
            hasSameAttributes(status, as: before), status.sizeInBytes == before.sizeInBytes,
            status.device == before.device
        else { return false }
        guard isTouched(status) else { return true }
        switch status.kind {
        case .symlink:
            guard try directory.symlinkTarget(name) == holder.directory.symlinkTarget(name) else {
                return false
            }
        case .file:
            guard
                try directory.openFile(name).hasSameContent(as: holder.directory.openFile(name))
            else { return false }
        case .directory, .characterDevice, .blockDevice, .fifo, .socket: break
        }
        return try hasSameNotes(name, in: directory, as: old)
    }

    /// Whether the extended attributes are the same that a layer can hold.
    private func hasSameNotes(
        _ name: [CChar], in directory: borrowing OpenDirectory, as old: MergedDirectory.Entry
    ) throws(SystemCallError) -> Bool {
        let own = try directory.notes(of: name)
        switch old {
        case .other(let holder, _): return try own == holder.directory.notes(of: name)
        case .directory(let merged, _):
            guard let top = merged.top else { return own.isEmpty }
            return try own == top.directory.notes(of: [CChar(UInt8(ascii: ".")), 0])
        }
    }
}

extension ChangeTree {
    /// Adds a file that is not a directory, and the directories above it.
    fileprivate mutating func add(_ path: ArraySlice<[CChar]>) {
        guard let name = path.first else { return }
        let rest = path.dropFirst()
        guard !rest.isEmpty else {
            changes[name] = .whole
            return
        }
        var inner = ChangeTree()
        if case .part(let known) = changes[name] { inner = known }
        inner.add(rest)
        changes[name] = .part(inner)
    }
}

extension OpenDirectory {
    /// The extended attributes of a file that belong to it and not to this machine.
    fileprivate func notes(of name: [CChar]) throws(SystemCallError) -> [String: [UInt8]] {
        var notes: [String: [UInt8]] = [:]
        for attribute in try attributes(of: name) {
            let isOwn =
                attribute.hasPrefix("user.") && !attribute.hasPrefix("user.overlay.")
                || attribute == "security.capability"
                || attribute.hasPrefix("system.posix_acl_")
            if isOwn { notes[attribute] = try self.attribute(attribute, of: name) }
        }
        return notes
    }
}

extension OwnedFD {
    /// Whether what follows in two open files is the same.
    fileprivate borrowing func hasSameContent(
        as other: borrowing OwnedFD
    ) throws(SystemCallError) -> Bool {
        while true {
            let (own, others) = (try read(upToBytes: 1 << 16), try other.read(upToBytes: 1 << 16))
            if own != others { return false }
            if own.isEmpty { return true }
        }
    }
}
