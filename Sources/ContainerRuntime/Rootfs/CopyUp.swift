import Linux
import SystemPackage

/// Copies the content of a directory of the image: into what is mounted over it, a tmpfs with the
/// option "tmpcopyup", or into an empty volume.
struct CopyUp: ~Copyable {
    /// Where the copy goes.
    private let top: RootedDirectory
    /// Of the user namespace whose users the owners are.
    private let maps: UserMaps?
    /// The first copies of files that have more names, by what they are copies of.
    private var firsts: [FileStatus.Identity: FilePath] = [:]

    /// Copies all that is in one directory into another: kinds, owners, permissions, extended
    /// attributes, times of modification, and which names are the same file.
    ///
    /// Extended attributes of symbolic links and devices stay behind, which only the host's root can
    /// set, and those that belong to overlayfs or to the mount (`security.selinux`). The target's file
    /// system may have no extended attributes at all.
    ///
    /// - Parameters:
    ///   - source: the one.
    ///   - target: the other.
    ///   - maps: of the user namespace whose users the owners are; nil for this process's own.
    /// - Throws: the kernel's refusal.
    static func copy(
        from source: borrowing OwnedFD, to target: borrowing OwnedFD, ownersIn maps: UserMaps?
    ) throws(SystemCallError) {
        var copy = CopyUp(
            top: RootedDirectory(adopting: try target.open(".", [.path, .directory])), maps: maps)
        try copy.copyAll(in: source, to: target, at: "/")
    }

    private init(top: consuming RootedDirectory, maps: UserMaps?) {
        self.top = top
        self.maps = maps
    }

    private mutating func copyAll(
        in source: borrowing OwnedFD, to target: borrowing OwnedFD, at path: FilePath
    ) throws(SystemCallError) {
        let directory = try source.open(".", [.readOnly, .directory])
        for entry in try directory.listDirectory() {
            try copy(
                FilePath(root: nil, components: entry.name), from: directory, to: target,
                at: path.appending(entry.name))
        }
    }

    private mutating func copy(
        _ name: FilePath, from source: borrowing OwnedFD, to target: borrowing OwnedFD,
        at path: FilePath
    ) throws(SystemCallError) {
        let status = try FileStatus(ofLink: name, in: source)
        if status.kind != .directory, status.linkCount > 1 {
            if let first = firsts[status.identity] {
                return try target.makeHardLink(
                    at: name, to: PathParts(first).name, in: top.parent(of: first))
            }
            firsts[status.identity] = path
        }
        switch status.kind {
        case .symlink:
            try target.makeSymbolicLink(at: name, to: source.linkTarget(of: name))
            try target.open(name, [.path, .noFollow]).changeOwnerOfHandle(like: status, maps)
            try target.setModified(status.modified, ofLink: name)
        case .directory:
            try target.makeDirectory(name, permissions: .ownerReadWriteExecute)
            let original = try source.open(name, [.readOnly, .directory, .noFollow])
            let copy = try target.open(name, [.readOnly, .directory, .noFollow])
            try copyAll(in: original, to: copy, at: path)
            try copy.takeOver(status, of: original, maps)
        case .file:
            try copyFile(name, from: source, to: target)
        case .characterDevice, .blockDevice, .fifo, .socket:
            try target.makeNode(
                name, status.kind, permissions: FilePermissions(rawValue: status.permissions),
                device: status.device)
            try target.open(name, [.path, .noFollow]).changeOwnerOfHandle(like: status, maps)
            try target.setModified(status.modified, ofLink: name)
        }
    }

    private func copyFile(
        _ name: FilePath, from source: borrowing OwnedFD, to target: borrowing OwnedFD
    ) throws(SystemCallError) {
        // Not blocking: someone may have put a fifo in its place.
        let original = try source.open(name, [.readOnly, .noFollow, .nonBlocking])
        let status = try FileStatus(of: original)
        guard status.kind == .file else {
            throw SystemCallError(
                call: "openat", subject: "\(name) (exchanged meanwhile)",
                errno: .invalidArgument)
        }
        let copy = try target.open(
            name, [.writeOnly, .create, .exclusive], permissions: .ownerReadWrite)
        while true {
            let bytes = try original.read(upToBytes: 65536)
            if bytes.isEmpty { break }
            try copy.writeAll(bytes)
        }
        try copy.takeOver(status, of: original, maps)
    }
}

extension OwnedFD {
    /// Gives the open file another's owner, permissions, extended attributes and time.
    borrowing func takeOver(
        _ status: FileStatus, of original: borrowing OwnedFD, _ maps: UserMaps?
    ) throws(SystemCallError) {
        try takeOver(
            status, of: original, owner: status.owner(in: maps), isMapped: maps != nil)
    }

    /// Gives a file that is open with `O_PATH` another's owner.
    fileprivate borrowing func changeOwnerOfHandle(
        like status: FileStatus, _ maps: UserMaps?
    ) throws(SystemCallError) {
        let owner = status.owner(in: maps)
        try changeOwnerOfHandle(user: owner.user, group: owner.group)
    }
}

extension FileStatus {
    /// Who the owner, as a user inside of a namespace, is outside; its root for who is not there.
    fileprivate func owner(in maps: UserMaps?) -> OwnerIDs {
        let inside = OwnerIDs(user: owner, group: group)
        guard let maps else { return inside }
        return maps.outside(inside) ?? maps.root ?? inside
    }
}
