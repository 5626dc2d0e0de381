package import Linux
package import SystemPackage

/// Fills what is mounted over a directory of the image with its content: an empty volume, or a
/// tmpfs with the option "tmpcopyup".
package enum CopyUp {
    /// Copies all that is in one directory into another, with kinds, owners and permissions.
    ///
    /// - Parameters:
    ///   - source: the one.
    ///   - target: the other.
    ///   - maps: of the user namespace whose users the owners are; nil for this process's own.
    /// - Throws: the kernel's refusal.
    package static func copy(
        from source: borrowing OwnedFD, to target: borrowing OwnedFD, ownersIn maps: UserMaps?
    ) throws(SystemCallError) {
        let directory = try source.open(".", [.readOnly, .directory])
        for entry in try directory.listDirectory() {
            try copy(
                FilePath(root: nil, components: entry.name), from: directory, to: target, maps)
        }
    }

    private static func copy(
        _ name: FilePath, from source: borrowing OwnedFD, to target: borrowing OwnedFD,
        _ maps: UserMaps?
    ) throws(SystemCallError) {
        let status = try FileStatus(ofLink: name, in: source)
        switch status.kind {
        case .symlink:
            try target.makeSymbolicLink(at: name, to: source.linkTarget(of: name))
            try target.open(name, [.path, .noFollow]).changeOwnerOfHandle(like: status, maps)
        case .directory:
            try target.makeDirectory(name, permissions: .ownerReadWriteExecute)
            let copy = try target.open(name, [.readOnly, .directory, .noFollow])
            try self.copy(
                from: source.open(name, [.path, .directory, .noFollow]), to: copy, ownersIn: maps)
            try copy.takeOver(status, maps)
        case .file:
            // Not blocking: someone may have put a fifo in its place.
            let original = try source.open(name, [.readOnly, .noFollow, .nonBlocking])
            guard try FileStatus(of: original).kind == .file else {
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
            try copy.takeOver(status, maps)
        case .characterDevice, .blockDevice, .fifo, .socket:
            try target.makeNode(
                name, status.kind, permissions: FilePermissions(rawValue: status.permissions),
                device: status.device)
            try target.open(name, [.path, .noFollow]).changeOwnerOfHandle(like: status, maps)
        }
    }
}

extension OwnedFD {
    /// Gives this empty directory the content, owner and permissions of one of an image; where the
    /// image has none it stays as it is.
    ///
    /// - Parameters:
    ///   - target: the image's directory.
    ///   - image: its root.
    ///   - maps: of the user namespace whose users the owners are; nil for this process's own.
    /// - Throws: the kernel's refusal.
    package borrowing func fill(
        with target: FilePath, of image: borrowing RootedDirectory, ownersIn maps: UserMaps?
    ) throws(SystemCallError) {
        guard let status = try image.status(of: target), status.kind == .directory else { return }
        try CopyUp.copy(
            from: image.open(target, [.path, .directory]), to: self, ownersIn: maps)
        try takeOver(status, maps)
    }

    /// Gives the open file another's owner and permissions.
    fileprivate borrowing func takeOver(
        _ status: FileStatus, _ maps: UserMaps?
    ) throws(SystemCallError) {
        let owner = status.owner(in: maps)
        try changeOwner(user: owner.user, group: owner.group)
        try changePermissions(to: FilePermissions(rawValue: status.permissions))
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
