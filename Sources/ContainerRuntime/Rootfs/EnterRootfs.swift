import Diagnostics
import Linux
import SystemPackage

/// Makes the rootfs the root of the container: `pivot_root(2)`, or MS_MOVE and `chroot(2)`.
struct EnterRootfs: SetupStep {
    let rootfs: FilePath
    let usesPivotRoot: Bool
    /// Whether unmounting the old root would reach the host, or the namespace that was joined.
    let isOldRootShared: Bool

    var explanation: Explanation {
        Explanation(
            shell: usesPivotRoot
                ? "cd \(rootfs); pivot_root . .; "
                    + (isOldRootShared ? "mount --make-rslave .; " : "") + "umount -l .; cd /"
                : "cd \(rootfs); umount -l /proc /sys; mount --move . /; chroot .; cd /",
            why: "nothing of the host's file system is left in the container", spec: "root.path")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        let usesPivotRoot = usesPivotRoot
        if let root = context.bareRoot.take() {
            try explaining("cannot leave the host's root") { () throws(SystemCallError) in
                try WorkingDirectory.changeRoot(to: root)
            }
        }
        try context.beneathRootfs("cannot make \(rootfs) the root") {
            (rootfs) throws(SystemCallError) in
            if usesPivotRoot {
                try pivot(to: rootfs.root)
            } else {
                try move(rootfs.root)
            }
        }
    }

    /// Puts the old root over the new one, and takes it away.
    ///
    /// pivot_root(".", ".") needs no directory for the old root (pivot_root(2), NOTES).
    private func pivot(to root: borrowing OwnedFD) throws(SystemCallError) {
        let oldRoot = try OwnedFD.open("/", .directoryHandle)
        try WorkingDirectory.change(to: root)
        do throws(SystemCallError) {
            try Mount.pivotRoot(to: ".", oldAt: ".")
        } catch  where error.errno == .invalidArgument {
            throw SystemCallError(
                call: "pivot_root", subject: "\(rootfs) (is / an initramfs? use --no-pivot)",
                errno: error.errno)
        }
        try WorkingDirectory.change(to: oldRoot)
        if isOldRootShared { try Mount.setPropagation(of: ".", to: .slave, isRecursive: true) }
        try Mount.unmount(".", isDetached: true)
        try WorkingDirectory.change(to: "/")
    }

    /// Moves the rootfs over the root, for a root that pivot_root(2) cannot leave.
    private func move(_ root: borrowing OwnedFD) throws(SystemCallError) {
        try HostMounts.hideKernelFileSystems(except: rootfs)
        try WorkingDirectory.change(to: root)
        try Mount.move(".", to: "/")
        try WorkingDirectory.changeRoot(to: ".")
        try WorkingDirectory.change(to: "/")
    }
}

/// The host's mounts that would stay reachable beside a root that was only moved.
enum HostMounts {
    /// Takes away, or covers, each proc and sysfs outside of the rootfs.
    ///
    /// A process that escapes the chroot would find the host's processes and devices there.
    static func hideKernelFileSystems(except rootfs: FilePath) throws(SystemCallError) {
        for place in kernelFileSystems(in: try MountTable.current())
        where !place.starts(with: rootfs) {
            do throws(SystemCallError) {
                try Mount.setPropagation(of: place, to: .private, isRecursive: true)
                try Mount.unmount(place, isDetached: true)
            } catch  where error.errno == .invalidArgument || error.errno == .notPermitted {
                // A locked mount of a user namespace cannot be taken away: cover it.
                try Mount.mount("tmpfs", at: place, type: "tmpfs", [], data: "")
            } catch  where error.errno == .noSuchFileOrDirectory {}  // covered already
        }
    }

    /// The mount points of proc and sysfs.
    static func kernelFileSystems(in table: MountTable) -> [FilePath] {
        table.entries.filter { ["proc", "sysfs"].contains($0.type) }.map(\.point)
    }
}
