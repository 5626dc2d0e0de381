import CLinux
import Glibc
package import SystemPackage

/// The flags of `mount(2)`.
package struct MountFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt
    package init(rawValue: UInt) { self.rawValue = rawValue }

    /// Whether all of some flags are among these; the generic method would look up conformances at
    /// run time.
    package func contains(_ flags: MountFlags) -> Bool {
        rawValue & flags.rawValue == flags.rawValue
    }

    /// `MS_RDONLY`.
    package static let readOnly = MountFlags(rawValue: 0x01)
    /// `MS_NOSUID`.
    package static let noSetUserID = MountFlags(rawValue: 0x02)
    /// `MS_NODEV`.
    package static let noDevices = MountFlags(rawValue: 0x04)
    /// `MS_NOEXEC`.
    package static let noExecution = MountFlags(rawValue: 0x08)
    /// `MS_SYNCHRONOUS`.
    package static let synchronous = MountFlags(rawValue: 0x10)
    /// `MS_REMOUNT`.
    package static let remount = MountFlags(rawValue: 0x20)
    /// `MS_MANDLOCK`.
    package static let mandatoryLocks = MountFlags(rawValue: 0x40)
    /// `MS_DIRSYNC`.
    package static let synchronousDirectories = MountFlags(rawValue: 0x80)
    /// `MS_NOSYMFOLLOW`.
    package static let noSymbolicLinks = MountFlags(rawValue: 0x100)
    /// `MS_NOATIME`.
    package static let noAccessTime = MountFlags(rawValue: 0x400)
    /// `MS_NODIRATIME`.
    package static let noDirectoryAccessTime = MountFlags(rawValue: 0x800)
    /// `MS_BIND`.
    package static let bind = MountFlags(rawValue: 0x1000)
    /// `MS_MOVE`.
    package static let move = MountFlags(rawValue: 0x2000)
    /// `MS_REC`.
    package static let recursive = MountFlags(rawValue: 0x4000)
    /// `MS_SILENT`.
    package static let silent = MountFlags(rawValue: 0x8000)
    /// `MS_POSIXACL`.
    package static let posixACL = MountFlags(rawValue: 0x1_0000)
    /// `MS_RELATIME`.
    package static let relativeAccessTime = MountFlags(rawValue: 0x20_0000)
    /// `MS_I_VERSION`.
    package static let inodeVersion = MountFlags(rawValue: 0x80_0000)
    /// `MS_STRICTATIME`.
    package static let strictAccessTime = MountFlags(rawValue: 0x100_0000)
    /// `MS_LAZYTIME`.
    package static let lazyTime = MountFlags(rawValue: 0x200_0000)
}

/// The classic calls on mounts by path.
package enum Mount {
    /// Mounts a file system of a type.
    ///
    /// The system call is `mount(2)`. What a name inside a rootfs means is for the caller to pin
    /// first: a descriptor's number in this process's `/proc/self/fd`.
    package static func mount(
        _ source: String, at target: FilePath, type: String, _ flags: MountFlags, data: String
    ) throws(SystemCallError) {
        try kernel("mount", "\(type) on \(target)") {
            target.withPlatformString { target in
                data.withCString { Glibc.mount(source, target, type, flags.rawValue, $0) }
            }
        }
    }

    /// Makes a file or directory appear a second time.
    ///
    /// The system call is `mount(2)` with `MS_BIND`, and `MS_REC` for the mounts beneath it too.
    package static func bind(
        _ source: FilePath, to target: FilePath, isRecursive: Bool
    ) throws(SystemCallError) {
        let flags: MountFlags = isRecursive ? [.bind, .recursive] : .bind
        try kernel("mount", "bind of \(source) on \(target)") {
            source.withPlatformString { source in
                target.withPlatformString { Glibc.mount(source, $0, nil, flags.rawValue, nil) }
            }
        }
    }

    /// Changes the flags of one mount, and not those of its file system.
    ///
    /// The system call is `mount(2)` with `MS_REMOUNT` and `MS_BIND`.
    package static func remount(
        _ target: FilePath, _ flags: MountFlags
    ) throws(SystemCallError) {
        let flags = flags.union([.remount, .bind])
        try kernel("mount", "remount of \(target)") {
            target.withPlatformString { Glibc.mount("", $0, nil, flags.rawValue, nil) }
        }
    }

    /// Sets how mount events travel to and from a mount, or from it and all beneath it.
    ///
    /// The system call is `mount(2)` with `MS_SHARED`, `MS_SLAVE`, `MS_PRIVATE` or
    /// `MS_UNBINDABLE`.
    package static func setPropagation(
        of target: FilePath, to propagation: Propagation, isRecursive: Bool
    ) throws(SystemCallError) {
        let flags = propagation.rawValue | (isRecursive ? MountFlags.recursive.rawValue : 0)
        try kernel("mount", "\(propagation) on \(target)") {
            target.withPlatformString { Glibc.mount("", $0, nil, flags, nil) }
        }
    }

    /// Moves a mount to another place.
    ///
    /// The system call is `mount(2)` with `MS_MOVE`.
    package static func move(
        _ source: FilePath, to target: FilePath
    ) throws(SystemCallError) {
        try kernel("mount", "move of \(source) to \(target)") {
            source.withPlatformString { source in
                target.withPlatformString {
                    Glibc.mount(source, $0, nil, MountFlags.move.rawValue, nil)
                }
            }
        }
    }

    /// Takes a mount away when nobody uses it any longer.
    ///
    /// The system call is `umount2(2)` with `UMOUNT_NOFOLLOW`.
    /// - Parameters:
    ///   - target: where it is; a last symbolic link is not followed.
    ///   - isDetached: takes it out of the tree at once (`MNT_DETACH`), with all beneath.
    /// - Throws: the kernel's refusal.
    package static func unmount(
        _ target: FilePath, isDetached: Bool
    ) throws(SystemCallError) {
        let flags: CInt = 8 | (isDetached ? 2 : 0)  // UMOUNT_NOFOLLOW, MNT_DETACH
        try kernel("umount2", "\(target)") { target.withPlatformString { umount2($0, flags) } }
    }

    /// Takes a mount out of the tree at once, with all beneath; a last link is followed.
    ///
    /// The system call is `umount2(2)` with `MNT_DETACH`.
    package static func detach(_ target: FilePath) throws(SystemCallError) {
        try kernel("umount2", "\(target)") { target.withPlatformString { umount2($0, 2) } }
    }

    /// Puts the mount at a path in the place of the root, and the old root at another path.
    ///
    /// The system call is `pivot_root(2)`.
    package static func pivotRoot(
        to newRoot: FilePath, oldAt oldRoot: FilePath
    ) throws(SystemCallError) {
        try kernel("pivot_root", "\(newRoot)") {
            newRoot.withPlatformString { newRoot in
                oldRoot.withPlatformString { clinux_pivot_root(newRoot, $0) }
            }
        }
    }

    /// The id of the mount that holds a path, without following a last link (`statx(2)`).
    package static func identifier(of path: FilePath) throws(SystemCallError) -> UInt64 {
        var id: UInt64 = 0
        try kernel("statx", "\(path)") {
            path.withPlatformString { clinux_mount_id(AT_FDCWD, $0, AT_SYMLINK_NOFOLLOW, &id) }
        }
        return id
    }

    /// The id of the mount that holds an open file.
    ///
    /// The system call is `statx(2)` with `STATX_MNT_ID`, since Linux 5.8.
    package static func identifier(
        of file: borrowing OwnedFD
    ) throws(SystemCallError) -> UInt64 {
        var id: UInt64 = 0
        let descriptor = file.rawValue
        try kernel("statx", describe(descriptor)) {
            clinux_mount_id(descriptor, "", 0x1000, &id)  // AT_EMPTY_PATH
        }
        return id
    }
}

/// What `fstatfs(2)` tells: the file system's kind, and the mount's flags.
package struct FileSystemStatus: Sendable {
    /// The magic number, as in `statfs(2)`: 0x794c7630 is overlay, 0x01021994 tmpfs.
    package var type: UInt64
    /// The `ST_…` flags, whose low bits are those of `MS_…`; relatime is 0x1000.
    package var flags: UInt64

    /// Asks about the file system that a descriptor is open on.
    package init(of file: borrowing OwnedFD) throws(SystemCallError) {
        var (type, flags): (UInt64, UInt64) = (0, 0)
        let descriptor = file.rawValue
        try kernel("fstatfs", describe(descriptor)) {
            clinux_fstatfs(descriptor, &type, &flags)
        }
        self.type = type
        self.flags = flags
    }

    /// `CGROUP2_SUPER_MAGIC`.
    package static let cgroup2: UInt64 = 0x6367_7270
    /// `OVERLAYFS_SUPER_MAGIC`.
    package static let overlay: UInt64 = 0x794c_7630
    /// `EROFS_SUPER_MAGIC_V1`.
    package static let erofs: UInt64 = 0xE0F5_E1E2
    /// `TMPFS_MAGIC`.
    package static let tmpfs: UInt64 = 0x0102_1994
    /// `DEVPTS_SUPER_MAGIC`.
    package static let devpts: UInt64 = 0x1cd1
    /// `PROC_SUPER_MAGIC`.
    package static let proc: UInt64 = 0x9fa0
    /// `NSFS_MAGIC`.
    package static let namespaces: UInt64 = 0x6e73_6673
    /// `SYSFS_MAGIC`.
    package static let sysfs: UInt64 = 0x6265_6572
}
