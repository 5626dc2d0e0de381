import Diagnostics
import Linux
import SystemPackage

/// The container's view of its control groups (config-linux.md § Control groups; cgroups(7)).
///
/// On version 2 it is one cgroup2 file system. On version 1 it is a tmpfs with one directory for
/// each hierarchy, each a bind of the container's own cgroup in it, and a link for each controller
/// that shares its hierarchy: cpu → cpu,cpuacct. With a cgroup namespace that directory is the
/// hierarchy's root as seen from inside, so that both cases are the same bind.
struct CgroupMount {
    let mount: ContainerMount
    let situation: MountSituation

    func make(in context: inout SetupContext) throws(Problem) {
        if situation.cgroupLayout.isUnified {
            try makeUnified(in: &context)
        } else {
            try makeHierarchies(in: &context)
        }
    }

    /// What one would type.
    var shell: String {
        let target = mount.shellTarget(situation.rootfs)
        let flags = mount.options.attributeChange.names
        let text = flags.isEmpty ? "" : " -o \(flags.joined(separator: ","))"
        if situation.cgroupLayout.isUnified {
            guard isBound else { return "mount -t cgroup2\(text) cgroup \(target)" }
            return "mount --rbind \(mountPoint) \(target)"
                + (flags.isEmpty
                    ? "" : "; mount -o remount,bind,\(flags.joined(separator: ",")) \(target)")
        }
        let binds = hierarchies.map {
            "mkdir \(target)/\($0.name); mount --bind \($0.directory) \(target)/\($0.name)"
        }
        return
            (["mount -t tmpfs -o mode=755 cgroup \(target)"] + binds
            + (flags.contains("ro") ? ["mount -o remount,ro \(target)"] : []))
            .joined(separator: "; ")
    }

    private func makeUnified(in context: inout SetupContext) throws(Problem) {
        let attributes = mount.options.attributeChange.set
        try context.beneathRootfs("cannot mount cgroup2 on \(mount.destination)") {
            (rootfs) throws(SystemCallError) in
            let target = try rootfs.makeDirectories(
                mount.destination, permissions: .directoryDefault)
            try ProcProtection.check(target, mount: mount, isFromProc: false, in: context)
            let made = try unifiedTree(attributes)
            try made.attach(onto: target)
            try made.descriptor.change(mount.options)
        }
    }

    /// Where the machine has version 2.
    private var mountPoint: FilePath {
        situation.cgroupLayout.hierarchies.first?.mountPoint ?? "/sys/fs/cgroup"
    }

    /// Whether the container sees the machine's own mount of version 2.
    ///
    /// A mount made in the machine's cgroup namespace sets `nsdelegate` and `memory_recursiveprot` of
    /// all mounts to what its own options say, which systemd's then have no more (Linux,
    /// `cgroup_get_tree`). What a mount says of these itself is wanted.
    private var isBound: Bool {
        !situation.hasCgroupNamespace && mount.options.data.isEmpty
    }

    /// The version 2 tree: its own mount; or a bind where a user namespace may not make one, and where
    /// one would change the machine's.
    private func unifiedTree(
        _ attributes: MountAttributes
    ) throws(SystemCallError) -> DetachedMount {
        if isBound { return try bind(mountPoint, attributes) }
        do throws(SystemCallError) {
            let context = try FileSystemContext(type: "cgroup2")
            try context.set("source", to: "cgroup")
            for option in mount.options.data { try context.set(option) }
            return try context.mount(attributes)
        } catch  where error.errno == .notPermitted || error.errno == .resourceBusy {
            let own = situation.hasCgroupNamespace ? situation.cgroup?.directories.first : nil
            return try bind(own ?? mountPoint, attributes)
        }
    }

    private func bind(
        _ directory: FilePath, _ attributes: MountAttributes
    ) throws(SystemCallError) -> DetachedMount {
        let tree = try DetachedMount(
            cloning: OwnedFD.open(directory, [.path, .directory]), isRecursive: true)
        try tree.descriptor.changeMount(MountAttributeChange(set: attributes), isRecursive: false)
        return tree
    }

    private func makeHierarchies(in context: inout SetupContext) throws(Problem) {
        if hierarchies.isEmpty {
            context.warn("\(mount.destination) is empty: the container has no cgroup")
        }
        let attributes = mount.options.attributeChange.set
        try context.beneathRootfs("cannot mount the cgroups on \(mount.destination)") {
            (rootfs) throws(SystemCallError) in
            let target = try rootfs.makeDirectories(
                mount.destination, permissions: .directoryDefault)
            try ProcProtection.check(target, mount: mount, isFromProc: false, in: context)
            let outer = try FileSystemContext(type: "tmpfs")
            try outer.set("source", to: "cgroup")
            try outer.set("mode", to: "755")
            let tmpfs = try outer.mount([.noSetUserID, .noDevices, .noExecution])
            try tmpfs.attach(onto: target)
            for hierarchy in hierarchies {
                try bind(hierarchy, into: tmpfs.descriptor, attributes)
            }
            if attributes.contains(.readOnly) {
                try tmpfs.descriptor.changeMount(
                    MountAttributeChange(set: .readOnly), isRecursive: false)
            }
            try tmpfs.descriptor.change(mount.options)
        }
    }

    private func bind(
        _ hierarchy: Hierarchy, into tmpfs: borrowing OwnedFD, _ attributes: MountAttributes
    ) throws(SystemCallError) {
        let tree: DetachedMount
        do throws(SystemCallError) {
            tree = try bind(hierarchy.directory, attributes)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return  // the container has no place in this hierarchy
        }
        let name = FilePath(hierarchy.name)
        try tmpfs.makeDirectory(name, permissions: .directoryDefault)
        try tree.attach(onto: tmpfs.open(name, [.path, .directory, .noFollow]))
        for link in hierarchy.links {
            try tmpfs.makeSymbolicLink(at: FilePath(link), to: name)
        }
    }

    /// A hierarchy of version 1 as the container sees it.
    private struct Hierarchy {
        var name: String
        /// The container's cgroup in it.
        var directory: FilePath
        /// Names of controllers that share it.
        var links: [String]
    }

    private var hierarchies: [Hierarchy] {
        guard let cgroup = situation.cgroup else { return [] }
        return cgroup.layout.hierarchies.compactMap { hierarchy in
            guard hierarchy.version == .v1, let name = hierarchy.mountPoint.lastComponent?.string
            else { return nil }
            var links: [String] = []
            if case .controllers(let controllers) = hierarchy.kind, controllers.count > 1 {
                links = controllers.map(\.rawValue).filter { $0 != name }
            }
            return Hierarchy(
                name: name, directory: hierarchy.directory(of: cgroup.path), links: links)
        }
    }
}
