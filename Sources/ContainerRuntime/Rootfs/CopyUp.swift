package import Linux
package import SystemPackage

/// Fills what is mounted over a directory of the image with its content: an empty volume, or a
/// tmpfs with the option "tmpcopyup".
package enum CopyUp {
    /// Copies all that is in one directory into another, with kinds, owners and permissions.
    package static func copy(
        from source: borrowing OwnedFD, to target: borrowing OwnedFD
    ) throws(SystemCallError) {
        let directory = try source.open(".", [.readOnly, .directory])
        for entry in try directory.listDirectory() {
            try copy(FilePath(root: nil, components: entry.name), from: directory, to: target)
        }
    }

    private static func copy(
        _ name: FilePath, from source: borrowing OwnedFD, to target: borrowing OwnedFD
    ) throws(SystemCallError) {
        let status = try FileStatus(ofLink: name, in: source)
        switch status.kind {
        case .symlink:
            try target.makeSymbolicLink(at: name, to: source.linkTarget(of: name))
            try target.open(name, [.path, .noFollow]).changeOwnerOfHandle(like: status)
        case .directory:
            try target.makeDirectory(name, permissions: .ownerReadWriteExecute)
            let copy = try target.open(name, [.readOnly, .directory, .noFollow])
            try self.copy(from: source.open(name, [.path, .directory, .noFollow]), to: copy)
            try copy.takeOver(status)
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
            try copy.takeOver(status)
        case .characterDevice, .blockDevice, .fifo, .socket:
            try target.makeNode(
                name, status.kind, permissions: FilePermissions(rawValue: status.permissions),
                device: status.device)
            try target.open(name, [.path, .noFollow]).changeOwnerOfHandle(like: status)
        }
    }
}

extension OwnedFD {
    /// Gives this empty directory the content, owner and permissions of one of an image; where the
    /// image has none it stays as it is.
    package borrowing func fill(
        with target: FilePath, of image: borrowing RootedDirectory
    ) throws(SystemCallError) {
        guard let status = try image.status(of: target), status.kind == .directory else { return }
        try CopyUp.copy(from: image.open(target, [.path, .directory]), to: self)
        try takeOver(status)
    }

    /// Gives the open file another's owner and permissions.
    fileprivate borrowing func takeOver(_ status: FileStatus) throws(SystemCallError) {
        try changeOwner(user: status.owner, group: status.group)
        try changePermissions(to: FilePermissions(rawValue: status.permissions))
    }

    /// Gives a file that is open with `O_PATH` another's owner.
    fileprivate borrowing func changeOwnerOfHandle(
        like status: FileStatus
    ) throws(SystemCallError) {
        try changeOwnerOfHandle(user: status.owner, group: status.group)
    }
}
