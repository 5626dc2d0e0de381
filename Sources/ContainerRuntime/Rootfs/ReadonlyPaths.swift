import Diagnostics
import Linux
import SystemPackage

/// Paths that nothing inside can write: `linux.readonlyPaths` (config-linux.md § Readonly Paths).
///
/// Each is bound over itself as a read-only clone. What does not exist is left out.
struct ReadonlyPaths: SetupStep {
    let paths: [FilePath]

    var explanation: Explanation {
        let list = paths.map(\.string).joined(separator: " ")
        return Explanation(
            shell: "for p in \(list); do "
                + "[ -e $p ] && mount --rbind $p $p && mount -o remount,bind,ro $p; done",
            why: "the container cannot change these settings of the kernel",
            spec: "linux.readonlyPaths")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        for path in paths {
            try context.beneathRootfs("cannot make \(path) read-only") {
                (rootfs) throws(SystemCallError) in
                guard let place = try rootfs.openIfPresent(path) else { return }
                let clone = try DetachedMount(cloning: place, isRecursive: true)
                try clone.descriptor.changeMount(
                    MountAttributeChange(set: .readOnly), isRecursive: true)
                try clone.attach(onto: place)
            }
        }
    }
}

/// Makes the root read-only: `root.readonly` (config.md § Root).
struct FreezeRoot: SetupStep {
    var explanation: Explanation {
        Explanation(
            shell: "mount -o remount,bind,ro /",
            why: "the container cannot change its root file system", spec: "root.readonly")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try context.beneathRootfs("cannot make the root read-only") {
            (rootfs) throws(SystemCallError) in
            try rootfs.root.changeMount(MountAttributeChange(set: .readOnly), isRecursive: false)
        }
    }
}

/// Makes a mount read-only at last, when everything below it is made.
struct FreezeMount: SetupStep {
    let destination: FilePath

    var explanation: Explanation {
        Explanation(
            shell: "mount -o remount,bind,ro \(destination)",
            why: "the spec wants it read-only, and its content is complete now",
            spec: "mounts")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try context.beneathRootfs("cannot make \(destination) read-only") {
            (rootfs) throws(SystemCallError) in
            try rootfs.open(destination, [.path])
                .changeMount(MountAttributeChange(set: .readOnly), isRecursive: false)
        }
    }
}
