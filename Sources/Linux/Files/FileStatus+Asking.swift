import Glibc
package import SystemPackage

/// The ways to ask for a file's status.
extension FileStatus {
    /// Asks about a path, through symbolic links.
    package init(of path: FilePath) throws(SystemCallError) {
        try self.init(path, at: AT_FDCWD, flags: 0)
    }

    /// Asks about a path, and about the link itself if the last component is one.
    package init(ofLink path: FilePath) throws(SystemCallError) {
        try self.init(path, at: AT_FDCWD, flags: AT_SYMLINK_NOFOLLOW)
    }

    /// Asks about what is open.
    package init(of file: borrowing OwnedFD) throws(SystemCallError) {
        try self.init(ofDescriptor: file.rawValue)
    }

    /// Asks about a descriptor that someone else has open, such as 0.
    package init(ofDescriptor descriptor: CInt) throws(SystemCallError) {
        var status = stat()
        try kernel("fstat", describe(descriptor)) { fstat(descriptor, &status) }
        self.init(status)
    }

    /// Asks about a name in a directory, and about the link itself if it is one.
    package init(
        ofLink path: FilePath, in directory: borrowing OwnedFD
    ) throws(SystemCallError) {
        try self.init(path, at: directory.rawValue, flags: AT_SYMLINK_NOFOLLOW)
    }

    private init(_ path: FilePath, at directory: CInt, flags: CInt) throws(SystemCallError) {
        var status = stat()
        try kernel("stat", "\(path)") {
            path.withPlatformString { fstatat(directory, $0, &status, flags) }
        }
        self.init(status)
    }
}

extension FileStatus.Kind {
    /// The `S_IFMT` part of a mode.
    package var modeBits: UInt32 {
        switch self {
        case .file: S_IFREG
        case .directory: S_IFDIR
        case .symlink: S_IFLNK
        case .characterDevice: S_IFCHR
        case .blockDevice: S_IFBLK
        case .fifo: S_IFIFO
        case .socket: S_IFSOCK
        }
    }

    /// The kind that a `d_type` of `getdents64(2)` stands for; nil where it says nothing.
    init?(directoryEntryType type: UInt8) {
        let kinds: [UInt32: Self] = [
            S_IFREG: .file, S_IFDIR: .directory, S_IFLNK: .symlink, S_IFCHR: .characterDevice,
            S_IFBLK: .blockDevice, S_IFIFO: .fifo, S_IFSOCK: .socket,
        ]
        guard let kind = kinds[UInt32(type) << 12] else { return nil }
        self = kind
    }
}
