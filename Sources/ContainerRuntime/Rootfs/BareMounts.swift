import Diagnostics
import Linux
import OCI
import SystemPackage

/// When and how a container leaves the host's mounts behind without a copy of them.
///
/// A new mount namespace begins as a copy of the runtime's: 2.6 µs for each mount, with the
/// unmounting of the old root. On a host with thousands of mounts that is most of a start. There,
/// init clones what the container needs of the host as detached trees, enters a namespace that is
/// all but empty (``BareMountNamespace``), copies that, and attaches the trees. As its root
/// directory it keeps the host's until it enters the rootfs: every path still means what it did.
enum BareMounts {
    /// With fewer mounts than this the copy is cheaper.
    static let leastMounts = 400

    /// The kinds of file systems that need nothing of the host's mounts.
    private static let selfContained = ["proc", "sysfs", "tmpfs", "devpts", "mqueue"]

    /// Whether a container may be made in this way.
    ///
    /// Not where somebody looks at the host's paths in the container's namespace (hooks), or has
    /// rights there only by what is mounted (a user namespace: mount_namespaces(7)), nor where a
    /// mount refers to another one (overlay's layers, a bind of the machine's cgroups).
    static func areEnough(
        for spec: RuntimeSpec, bundle: FilePath, isUnified: Bool
    ) -> Bool {
        guard let linux = spec.linux, linux.namespaces.contains(where: \.isNewMount),
            !linux.namespaces.contains(where: { $0.type == .user }),
            [nil, .rslave, .rprivate].contains(linux.rootfsPropagation),
            [.prestart, .createRuntime, .createContainer].allSatisfy({ (kind: HookKind) in
                kind.hooks(of: spec).isEmpty
            })
        else { return false }
        let rootfs = Bundle.rootfs(of: spec, in: bundle)
        let hasCgroupNamespace = linux.namespaces.contains { $0.type == .cgroup }
        return spec.mounts.allSatisfy { mount in
            let isBind = mount.type == "bind" || MountOptions(mount.options).isBind
            if isBind {
                return !bundle.pushing(FilePath(mount.source ?? "")).starts(with: rootfs)
            }
            let type = mount.type ?? ""
            return selfContained.contains(type)
                || (isUnified && hasCgroupNamespace && type.hasPrefix("cgroup"))
        }
    }
}

extension RuntimeSpec.Namespace {
    /// Whether it is a mount namespace of the container's own.
    fileprivate var isNewMount: Bool { type == .mount && path == nil }
}

/// Clones the rootfs, or a bind mount's source, in the host's mount namespace.
struct CloneTree: SetupStep {
    /// What is cloned.
    enum Subject: Sendable {
        case rootfs(FilePath)
        case source(of: ContainerMount)
    }

    let subject: Subject
    let propagation: RuntimeSpec.Linux.RootfsPropagation

    private var path: FilePath {
        switch subject {
        case .rootfs(let path): path
        case .source(let mount): if case .bind(let source, _) = mount.kind { source } else { "" }
        }
    }

    var explanation: Explanation {
        let spec =
            switch subject {
            case .rootfs: "root.path"
            case .source(let mount): "mounts[\(mount.index)]"
            }
        return Explanation(
            shell: "# open_tree(OPEN_TREE_CLONE) of \(path)",
            why: "the host's many mounts are left behind without a copy of them", spec: spec)
    }

    func run(in context: inout SetupContext) throws(Problem) {
        switch subject {
        case .rootfs:
            context.rootfsTree = try explaining(
                "cannot use \(path) as root file system",
                fix: "name an existing directory in root.path that the container's root can enter"
            ) { () throws(SystemCallError) in
                let directory = try OwnedFD.open(path, [.path, .directory])
                let tree = try DetachedMount(cloning: directory, isRecursive: true)
                try cutOff(tree)
                return tree
            }
        case .source(let mount):
            guard case .bind(let source, let isRecursive) = mount.kind else { return }
            let prepared = try PreparedMount(
                mount: mount, source: source, isRecursive: isRecursive)
            try explaining("cannot prepare \(source) for \(mount.destination)") {
                () throws(SystemCallError) in try cutOff(prepared.tree)
            }
            context.preparedMounts[mount.index] = prepared
        }
    }

    /// A clone made on the host is the host's peer; in a copy of its mounts it would not be.
    private func cutOff(_ tree: borrowing DetachedMount) throws(SystemCallError) {
        try tree.descriptor.changeMount(
            MountAttributeChange(propagation: propagation.kind), isRecursive: true)
    }
}

/// Enters a mount namespace that is a copy of the empty one, and attaches the rootfs in it.
struct EnterBareMounts: SetupStep {
    var explanation: Explanation {
        Explanation(
            shell: "nsenter --mount=$bare unshare --mount --propagation private",
            why: "a copy of the host's many mounts would take longer than all else",
            spec: "linux.namespaces")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        guard let namespace = context.bareNamespace.take(), let rootfs = context.rootfsTree.take()
        else { preconditionFailure("the namespace is opened and the rootfs cloned before") }
        context.bareRoot = try explaining("cannot leave the host's mounts") {
            () throws(SystemCallError) in
            let host = try OwnedFD.open("/", [.path, .directory])
            try Namespaces.enter(namespace, .mount)
            try Namespaces.unshare(.newMount)
            let root = try OwnedFD.open("/", [.path, .directory])
            try rootfs.attach(
                onto: root.open(BareMountNamespace.place, [.path, .directory, .noFollow]))
            // The host's paths go on to be found, though its mounts are another namespace's.
            try WorkingDirectory.changeRoot(to: host)
            return root
        }
        context.rootfsDirectory = RootedDirectory(adopting: rootfs.takeDescriptor())
    }
}
