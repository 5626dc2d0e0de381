import Diagnostics
import Linux
import OCI
import SystemPackage

/// One entry of `mounts`, made below the rootfs: bind mounts, file systems, cgroups.
///
/// Destinations are created and opened beneath the rootfs by descriptor, and mounts are configured
/// while they are detached, so that no path is walked twice (`mount_setattr(2)`, `move_mount(2)`).
struct MakeMount: SetupStep {
    let mount: ContainerMount
    let situation: MountSituation

    var explanation: Explanation {
        Explanation(shell: shell, why: why, spec: "mounts[\(mount.index)]")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        switch mount.kind {
        case .bind(let source, let isRecursive):
            try BindMount(mount: mount, source: source, isRecursive: isRecursive)
                .make(in: &context)
        case .fileSystem(let type, let source):
            try FileSystemMount(
                mount: mount, type: type, source: source,
                securityLabel: situation.securityLabel,
                isInUserNamespace: situation.isInUserNamespace
            ).make(in: &context)
        case .cgroup:
            try CgroupMount(mount: mount, situation: situation).make(in: &context)
        case .remount(let type, let source):
            try remount(type: type, source: source, in: &context)
        }
    }

    private func remount(
        type: String, source: String, in context: inout SetupContext
    ) throws(Problem) {
        let options = mount.options
        try context.beneathRootfs("cannot change the mount at \(mount.destination)") {
            (rootfs) throws(SystemCallError) in
            let target = try rootfs.open(mount.destination, [.path])
            if options.isBind {
                try target.changeMount(options.attributeChange, isRecursive: false)
            } else {
                try context.mountClassically(
                    source, on: target, type: type, options.flags, data: options.dataText)
            }
            try target.change(options)
        }
    }

    private var why: String {
        switch mount.kind {
        case .bind(let source, _): "the container sees the host's \(source)"
        case .fileSystem("proc", _): "programs see the processes of the container alone"
        case .fileSystem(let type, _): "the container has a \(type) of its own"
        case .cgroup: "the container sees its control groups"
        case .remount: "a mount gets other flags"
        }
    }

    private var shell: String {
        let target = mount.shellTarget(situation.rootfs)
        switch mount.kind {
        case .bind(let source, let isRecursive):
            var lines = ["mount --\(isRecursive ? "rbind" : "bind") \(source) \(target)"]
            let flags = mount.options.attributeChange.names
            if !flags.isEmpty {
                lines.append("mount -o remount,bind,\(flags.joined(separator: ",")) \(target)")
            }
            return (lines + propagationLines(target)).joined(separator: "; ")
        case .fileSystem(let type, let source):
            let options =
                mount.options.attributeChange.names + mount.options.fileSystemFlags
                + mount.options.data
            let text = options.isEmpty ? "" : " -o \(options.joined(separator: ","))"
            return (["mount -t \(type)\(text) \(source) \(target)"] + propagationLines(target))
                .joined(separator: "; ")
        case .cgroup:
            return CgroupMount(mount: mount, situation: situation).shell
        case .remount:
            let options = ["remount"] + mount.options.attributeChange.names + mount.options.data
            return "mount -o \(options.joined(separator: ",")) \(target)"
        }
    }

    private func propagationLines(_ target: String) -> [String] {
        mount.options.propagation.map {
            "mount --make-\($0.isRecursive ? "r" : "")\($0.propagation) \(target)"
        }
    }
}

extension SetupContext {
    /// Does something beneath the container's root directory.
    ///
    /// - Parameters:
    ///   - what: what cannot be done when the kernel refuses.
    ///   - body: makes the calls.
    /// - Returns: what `body` returns.
    /// - Throws: the kernel's refusal as a ``Problem``.
    borrowing func beneathRootfs<Result: ~Copyable>(
        _ what: @autoclosure () -> String,
        _ body: (borrowing RootedDirectory) throws(SystemCallError) -> Result
    ) throws(Problem) -> Result {
        switch rootfsDirectory {
        case .some(let rootfs):
            do throws(SystemCallError) {
                return try body(rootfs)
            } catch {
                throw Problem(what: what(), refusal: error)
            }
        case .none:
            preconditionFailure("a step needs the rootfs before it is mounted")
        }
    }
}

extension OwnedFD {
    /// Applies the options of a mount that act on all mounts beneath it, and its propagation.
    ///
    /// The system call is `mount_setattr(2)` with `AT_RECURSIVE`.
    borrowing func change(_ options: MountOptions) throws(SystemCallError) {
        if !options.recursive.isEmpty {
            try changeMount(options.recursive, isRecursive: true)
        }
        for change in options.propagation {
            try changeMount(
                MountAttributeChange(propagation: change.propagation),
                isRecursive: change.isRecursive)
        }
    }
}

extension MountAttributeChange {
    /// The options of mount(8) that say the same.
    package var names: [String] {
        let table: [(MountAttributes, String, String)] = [
            (.readOnly, "ro", "rw"), (.noSetUserID, "nosuid", "suid"),
            (.noDevices, "nodev", "dev"), (.noExecution, "noexec", "exec"),
            (.noAccessTime, "noatime", ""), (.strictAccessTime, "strictatime", ""),
            (.noDirectoryAccessTime, "nodiratime", "diratime"),
            (.noSymbolicLinks, "nosymfollow", "symfollow"),
        ]
        return table.compactMap { attribute, setName, clearName in
            if self.set.contains(attribute) { return setName }
            if self.clear.contains(attribute), !clearName.isEmpty { return clearName }
            return nil
        }
    }
}
