import Diagnostics
import Linux
import SystemPackage

/// Makes the rootfs a mount of its own among the runtime's mounts, for a container whose spec names
/// no mount namespace and that therefore shares the runtime's (config-linux.md § Namespaces).
///
/// All of the container's mounts are made beneath it, and none travels to other namespaces, so that
/// one `umount2(2)` takes them all back.
struct BindRootfsOnHost: SetupStep {
    let rootfs: FilePath

    var explanation: Explanation {
        Explanation(
            shell: "mount --rbind --make-rprivate \(rootfs) \(rootfs)",
            why: "the container shares the runtime's mounts: what is mounted for it stays together",
            spec: "root.path")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        context.rootfsDirectory = try explaining(
            "cannot use \(rootfs) as root file system",
            fix: "name an existing directory in root.path"
        ) { () throws(SystemCallError) in
            let directory = try OwnedFD.open(rootfs, [.path, .directory])
            let mount = try DetachedMount(cloning: directory, isRecursive: true)
            try mount.descriptor.changeMount(
                MountAttributeChange(propagation: .private), isRecursive: true)
            try mount.attach(onto: directory)
            return RootedDirectory(adopting: mount.takeDescriptor())
        }
        let mount = try explaining("cannot ask about the mount at \(rootfs)") {
            () throws(SystemCallError) in
            HostRootfs(path: rootfs, mount: try Mount.identifier(of: rootfs))
        }
        context.hostRootfs = mount
        context.undo("unmount \(rootfs)") { () throws(Problem) in try mount.unmount() }
    }
}

/// Makes the rootfs the root of a container that shares the runtime's mounts: `chroot(2)`, because
/// `pivot_root(2)` would move the host's root.
struct ChangeRoot: SetupStep {
    let rootfs: FilePath

    var explanation: Explanation {
        Explanation(
            shell: "chroot \(rootfs)", why: "paths of the container start at its root",
            spec: "root.path")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try context.beneathRootfs("cannot make \(rootfs) the root") {
            (rootfs) throws(SystemCallError) in
            try WorkingDirectory.changeRoot(to: rootfs.root)
        }
    }
}

/// Takes the root of a process that has no mount namespace of its own: for `exec`.
struct ChangeRootToProcess: SetupStep {
    let process: CInt

    var explanation: Explanation {
        Explanation(
            shell: "chroot /proc/\(process)/root",
            why: "the container shares the runtime's mounts, and its root is a directory of them",
            spec: "exec")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        do throws(SystemCallError) {
            let root = try context.openProcLink(
                "root", in: FilePath("\(process)"), [.path, .directory])
            try WorkingDirectory.changeRoot(to: root)
        } catch {
            throw Problem(what: "cannot enter the container's root", refusal: error)
        }
    }
}

/// A rootfs that is mounted on itself among the runtime's mounts.
struct HostRootfs: Sendable, Equatable {
    let path: FilePath
    /// The mount's id (`STATX_MNT_ID`), which tells it from one that someone else made there.
    let mount: UInt64

    init(path: FilePath, mount: UInt64) {
        self.path = path
        self.mount = mount
    }

    /// The one that a container was made with, if it shares the runtime's mounts.
    init?(of state: RuntimeState) {
        guard let mount = state.rootfsMount else { return nil }
        self.init(path: FilePath(state.rootfs), mount: mount)
    }

    /// Takes the mount away with all that is mounted beneath it, unless someone did before.
    func unmount() throws(Problem) {
        try explaining(
            "cannot unmount \(path)", fix: "unmount it: umount -l \(path)"
        ) { () throws(SystemCallError) in
            guard try Mount.identifier(of: path) == mount else { return }
            try Mount.unmount(path, isDetached: true)
        }
    }
}
