import Diagnostics
package import Linux
package import OCI
package import SystemPackage

/// Which namespaces a container gets anew and which it joins: `linux.namespaces`
/// (runtime-spec, config-linux.md § Namespaces).
///
/// New ones are made by the one `clone3(2)`, except three: a cgroup namespace has its root where the
/// process is, so init unshares it once it is in its cgroup; a time namespace takes its offsets
/// before anyone is in it; and the message queues of an IPC namespace belong to who makes it, which
/// in a user namespace has to be its root. To join a namespace the runtime itself enters it for the length of the
/// clone, because init, once inside a new user namespace, may not. A user namespace that is joined
/// by path comes first of all, and cannot be left: a process between runtime and init does that. So
/// it is with every namespace where the runtime is root of a user namespace alone.
package struct NamespaceSetup: Sendable, Equatable {
    /// What `clone3(2)` makes anew.
    package var cloned: CloneFlags = []
    /// What init unshares itself: `CLONE_NEWCGROUP`, `CLONE_NEWTIME`, in a user namespace
    /// `CLONE_NEWIPC`.
    package var unshared: CloneFlags = []
    /// What is entered around the clone, in the specification's order.
    package var joined: [JoinedNamespace] = []
    /// The mount namespace that init joins, which takes its root along.
    package var joinedMount: FilePath?
    /// The user namespace to join before all others.
    package var joinedUser: FilePath?
    /// Whether the runtime's own namespaces let it in again, once it has joined others.
    ///
    /// Root of a user namespace has no rights over those of the machine.
    package var canReturn = true

    package init(_ namespaces: [RuntimeSpec.Namespace]) {
        for namespace in namespaces {
            switch (namespace.type, namespace.path) {
            case (.user, let path?): joinedUser = FilePath(path)
            case (.mount, let path?): joinedMount = FilePath(path)
            case (let kind, let path?):
                joined.append(JoinedNamespace(kind: NamespaceKind(kind), path: FilePath(path)))
            case (.cgroup, nil): unshared.insert(.newCgroup)
            case (.time, nil): unshared.insert(.newTime)
            case (let kind, nil): cloned.insert(NamespaceKind(kind).flag)
            }
        }
        if hasNewUser || joinedUser != nil, cloned.remove(.newIPC) != nil {
            unshared.insert(.newIPC)
        }
    }

    /// Refuses new namespaces where neither the runtime's rights nor a user namespace allow them.
    func checkRights(on host: HostFacts) throws(Problem) {
        let isAllowed = host.effectiveCapabilities & (1 << 21) != 0  // CAP_SYS_ADMIN
        guard !isAllowed, !hasNewUser, joinedUser == nil, !cloned.union(unshared).isEmpty else {
            return
        }
        throw Problem(
            kind: .denied, what: "cannot make the container's namespaces",
            why: "user \(host.effectiveUserID) may make them in a new user namespace only",
            fix: "add {\"type\": \"user\"} to linux.namespaces and maps of its ids, as "
                + "kade-runtime spec --rootless does, or run as root")
    }

    /// Whether a process between runtime and init joins the namespaces, because they cannot be left.
    var takesDetour: Bool { joinedUser != nil || !canReturn && !joined.isEmpty }

    /// Whether the container has a user namespace of its own making.
    package var hasNewUser: Bool { cloned.contains(.newUser) }
    /// Whether the container's mounts are apart from the runtime's.
    package var hasOwnMounts: Bool { cloned.contains(.newMount) || joinedMount != nil }
}

/// A namespace that exists already.
package struct JoinedNamespace: Sendable, Equatable {
    package var kind: NamespaceKind
    /// A file that stands for it: "/proc/4711/ns/net", "/run/netns/web".
    package var path: FilePath

    package init(kind: NamespaceKind, path: FilePath) {
        self.kind = kind
        self.path = path
    }
}

extension NamespaceKind {
    /// The kind that the specification names.
    package init(_ kind: RuntimeSpec.Namespace.Kind) {
        self =
            switch kind {
            case .pid: .pid
            case .network: .network
            case .mount: .mount
            case .ipc: .ipc
            case .uts: .uts
            case .user: .user
            case .cgroup: .cgroup
            case .time: .time
            }
    }
}
