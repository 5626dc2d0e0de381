package import Glibc

/// What the kernel says about a file: `stat(2)`.
package struct FileStatus: Sendable, Equatable {
    /// The kind of file.
    package var kind: Kind
    /// The permission bits with setuid, setgid and sticky.
    package var permissions: mode_t
    package var owner: uid_t
    package var group: gid_t
    package var sizeInBytes: Int64
    /// The space it takes on disk.
    package var allocatedInBytes: Int64
    /// The numbers of the device that a device node stands for.
    package var device: DeviceNumber
    /// The device and inode that identify the file.
    package var identity: Identity
    package var linkCount: UInt64
    package var modified: FileTime
    /// When the file or what is said of it changed last; no program can set it.
    package var changed: FileTime

    /// The kinds of files.
    package enum Kind: Sendable {
        case file, directory, symlink, characterDevice, blockDevice, fifo, socket
    }

    /// A file's identity on a running system.
    package struct Identity: Sendable, Hashable {
        package var device: UInt64
        package var inode: UInt64

        package init(device: UInt64, inode: UInt64) {
            self.device = device
            self.inode = inode
        }
    }

    /// Takes over what `stat` filled in.
    init(_ raw: stat) {
        kind =
            switch raw.st_mode & S_IFMT {
            case S_IFDIR: .directory
            case S_IFLNK: .symlink
            case S_IFCHR: .characterDevice
            case S_IFBLK: .blockDevice
            case S_IFIFO: .fifo
            case S_IFSOCK: .socket
            default: .file
            }
        permissions = raw.st_mode & 0o7777
        owner = raw.st_uid
        group = raw.st_gid
        sizeInBytes = Int64(raw.st_size)
        allocatedInBytes = Int64(raw.st_blocks) * 512
        device = DeviceNumber(rawValue: UInt64(raw.st_rdev))
        identity = Identity(device: UInt64(raw.st_dev), inode: UInt64(raw.st_ino))
        linkCount = UInt64(raw.st_nlink)
        modified = FileTime(
            seconds: Int64(raw.st_mtim.tv_sec), nanoseconds: Int64(raw.st_mtim.tv_nsec))
        changed = FileTime(
            seconds: Int64(raw.st_ctim.tv_sec), nanoseconds: Int64(raw.st_ctim.tv_nsec))
    }

    package var isDirectory: Bool { kind == .directory }

    /// Whether this is `/dev/null`: character device 1/3.
    package var isNullDevice: Bool {
        kind == .characterDevice && device.rawValue == DeviceNumber(major: 1, minor: 3).rawValue
    }

    /// Whether this is how layers mark a removed name: overlayfs's character device 0/0 or, where
    /// the file system takes none, as overlayfs itself, a socket of 1970 without permissions.
    ///
    /// Archives hold no sockets, so that layers have no others.
    package var isWhiteout: Bool {
        switch kind {
        case .characterDevice: device.rawValue == 0
        case .socket:
            permissions == 0 && modified == FileTime(seconds: 0, nanoseconds: 0)
        case .file, .directory, .symlink, .blockDevice, .fifo: false
        }
    }
}

/// A device's major and minor number in one word, as `makedev(3)` packs them.
package struct DeviceNumber: Sendable, Hashable {
    package var rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package init(major: UInt32, minor: UInt32) {
        let (major, minor) = (UInt64(major), UInt64(minor))
        rawValue =
            (major & 0xffff_f000) << 32 | (major & 0xfff) << 8
            | (minor & 0xffff_ff00) << 12 | minor & 0xff
    }

    package var major: UInt32 {
        UInt32(truncatingIfNeeded: (rawValue >> 32 & 0xffff_f000) | (rawValue >> 8 & 0xfff))
    }
    package var minor: UInt32 {
        UInt32(truncatingIfNeeded: (rawValue >> 12 & 0xffff_ff00) | (rawValue & 0xff))
    }
}

/// A moment as file systems keep it.
package struct FileTime: Sendable, Hashable, Comparable {
    package var seconds: Int64
    /// 0 to 999,999,999.
    package var nanoseconds: Int64

    package init(seconds: Int64, nanoseconds: Int64) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    package static func < (left: FileTime, right: FileTime) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}
