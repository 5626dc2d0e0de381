import CLinux

/// Properties of one mount: the `MOUNT_ATTR_…` of `mount_setattr(2)` and `fsmount(2)`.
package struct MountAttributes: OptionSet, Sendable, Hashable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// All of them; the generic initializer would look up conformances at run time.
    package init(arrayLiteral flags: MountAttributes...) {
        var bits: UInt64 = 0
        for flag in flags { bits |= flag.rawValue }
        rawValue = bits
    }

    /// `MOUNT_ATTR_RDONLY`: nothing is written through it.
    package static var readOnly: MountAttributes { MountAttributes(rawValue: 0x01) }
    /// `MOUNT_ATTR_NOSUID`: set-user-ID bits and file capabilities do not count.
    package static var noSetUserID: MountAttributes { MountAttributes(rawValue: 0x02) }
    /// `MOUNT_ATTR_NODEV`: device files cannot be opened.
    package static var noDevices: MountAttributes { MountAttributes(rawValue: 0x04) }
    /// `MOUNT_ATTR_NOEXEC`: no program is executed from it.
    package static var noExecution: MountAttributes { MountAttributes(rawValue: 0x08) }
    /// The four of them: nothing is done through the mount but to look.
    package static var sealed: MountAttributes { MountAttributes(rawValue: 0x0f) }
    /// `MOUNT_ATTR__ATIME`: the bits that say how access times are kept; relatime is none of them.
    package static var accessTimeMask: MountAttributes { MountAttributes(rawValue: 0x70) }
    /// `MOUNT_ATTR_NOATIME`: access times are not kept.
    package static var noAccessTime: MountAttributes { MountAttributes(rawValue: 0x10) }
    /// `MOUNT_ATTR_STRICTATIME`: access times are always kept.
    package static var strictAccessTime: MountAttributes { MountAttributes(rawValue: 0x20) }
    /// `MOUNT_ATTR_NODIRATIME`: access times of directories are not kept.
    package static var noDirectoryAccessTime: MountAttributes { MountAttributes(rawValue: 0x80) }
    /// `MOUNT_ATTR_NOSYMFOLLOW`: symbolic links are not followed.
    package static var noSymbolicLinks: MountAttributes { MountAttributes(rawValue: 0x20_0000) }
    /// `MOUNT_ATTR_IDMAP`: owners are shown through the maps of a user namespace.
    static var idMapped: MountAttributes { MountAttributes(rawValue: 0x10_0000) }
}

/// How mounts and unmounts beneath a mount travel to its peers (`mount_namespaces(7)`).
package enum Propagation: UInt, Sendable, Hashable, CaseIterable {
    /// `MS_SHARED`: both ways.
    case shared = 0x10_0000
    /// `MS_SLAVE`: only from the peers to here.
    case slave = 0x8_0000
    /// `MS_PRIVATE`: not at all.
    case `private` = 0x4_0000
    /// `MS_UNBINDABLE`: not at all, and it cannot be bound elsewhere.
    case unbindable = 0x2_0000
}

extension Propagation: CustomStringConvertible {
    /// Its name, which Swift itself would look up among all conformances of the program.
    package var description: String {
        switch self {
        case .shared: "shared"
        case .slave: "slave"
        case .private: "private"
        case .unbindable: "unbindable"
        }
    }
}

/// A change of a mount's attributes, or of a whole tree's.
package struct MountAttributeChange: Sendable, Equatable {
    package var set: MountAttributes
    package var clear: MountAttributes
    package var propagation: Propagation?

    package init(
        set: MountAttributes = [], clear: MountAttributes = [], propagation: Propagation? = nil
    ) {
        self.set = set
        self.clear = clear
        self.propagation = propagation
    }

    /// Whether nothing would change.
    package var isEmpty: Bool { self.set.isEmpty && clear.isEmpty && propagation == nil }
}

extension OwnedFD {
    /// Changes the mount whose root this descriptor is open on, or all mounts of its tree at once.
    ///
    /// The system call is `mount_setattr(2)`, since Linux 5.12.
    package borrowing func changeMount(
        _ change: MountAttributeChange, isRecursive: Bool
    ) throws(SystemCallError) {
        let flags: UInt32 = 0x1000 | (isRecursive ? 0x8000 : 0)  // AT_EMPTY_PATH, AT_RECURSIVE
        try kernel("mount_setattr", describe(rawValue)) {
            clinux_mount_setattr(
                rawValue, "", flags, change.set.rawValue, change.clear.rawValue,
                UInt64(change.propagation?.rawValue ?? 0), 0)
        }
    }

    /// Shows the owners of the files of a detached mount through the maps of a user namespace.
    ///
    /// The system call is `mount_setattr(2)` with `MOUNT_ATTR_IDMAP`.
    package borrowing func mapMountOwners(
        by userNamespace: borrowing OwnedFD, isRecursive: Bool
    ) throws(SystemCallError) {
        let flags: UInt32 = 0x1000 | (isRecursive ? 0x8000 : 0)  // AT_EMPTY_PATH, AT_RECURSIVE
        let namespace = UInt64(userNamespace.rawValue)
        try kernel("mount_setattr", "idmap of \(describe(rawValue))") {
            clinux_mount_setattr(
                rawValue, "", flags, MountAttributes.idMapped.rawValue, 0, 0, namespace)
        }
    }
}
