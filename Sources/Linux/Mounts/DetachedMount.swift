import CLinux
import Glibc
package import SystemPackage

/// A mount, or a tree of mounts, that is nowhere in the tree yet.
///
/// It goes away with its owner unless it was attached. Its attributes are changed while nobody
/// can reach it through a path.
package struct DetachedMount: ~Copyable, Sendable {
    /// The descriptor of the mount's root.
    package let descriptor: OwnedFD

    /// Takes a descriptor that `fsmount(2)` or `open_tree(2)` returned.
    package init(adopting descriptor: consuming OwnedFD) { self.descriptor = descriptor }

    /// Clones the mount that holds a file, with this file as root.
    ///
    /// The system call is `open_tree(2)` with `OPEN_TREE_CLONE`: a bind mount without a target.
    /// - Parameters:
    ///   - source: the file.
    ///   - isRecursive: whether the mounts beneath it are cloned too (`AT_RECURSIVE`).
    /// - Throws: the kernel's refusal.
    package init(
        cloning source: borrowing OwnedFD, isRecursive: Bool
    ) throws(SystemCallError) {
        let flags = Self.clone | Self.emptyPath | (isRecursive ? Self.recursive : 0)
        let origin = source.rawValue
        let tree = try kernel("open_tree", describe(origin)) {
            clinux_open_tree(origin, "", UInt32(O_CLOEXEC) | flags)
        }
        descriptor = OwnedFD(adopting: tree)
    }

    /// Attaches the mount onto what a descriptor is open on.
    ///
    /// The system call is `move_mount(2)`. The mount stays reachable through this value.
    package borrowing func attach(onto target: borrowing OwnedFD) throws(SystemCallError) {
        let (mount, place) = (descriptor.rawValue, target.rawValue)
        try kernel("move_mount", describe(place)) {
            // MOVE_MOUNT_F_EMPTY_PATH and MOVE_MOUNT_T_EMPTY_PATH
            clinux_move_mount(mount, "", place, "", 0x04 | 0x40)
        }
    }

    /// Attaches the mount onto a path; a last symbolic link is followed.
    package borrowing func attach(onto target: FilePath) throws(SystemCallError) {
        let mount = descriptor.rawValue
        try kernel("move_mount", "\(target)") {
            // MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_SYMLINKS and MOVE_MOUNT_T_AUTOMOUNTS
            target.withPlatformString {
                clinux_move_mount(mount, "", AT_FDCWD, $0, 0x04 | 0x10 | 0x20)
            }
        }
    }

    /// Gives the descriptor of the mount's root away.
    package consuming func takeDescriptor() -> OwnedFD { descriptor }

    /// `OPEN_TREE_CLONE`.
    private static let clone: UInt32 = 1
    /// `AT_EMPTY_PATH`.
    private static let emptyPath: UInt32 = 0x1000
    /// `AT_RECURSIVE`.
    private static let recursive: UInt32 = 0x8000
}
