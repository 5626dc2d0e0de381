package import SystemPackage

/// Which cgroup hierarchies this machine has, and where they are mounted.
///
/// A machine is of version 1, of version 2, or hybrid: controllers of version 1 beside a version 2
/// hierarchy with few or none. Nothing here depends on which: each controller is asked for its
/// hierarchy.
package struct CgroupLayout: Sendable, Equatable {
    /// The mounted hierarchies, in the order of `/proc/self/cgroup`.
    package var hierarchies: [Hierarchy]

    package init(hierarchies: [Hierarchy]) { self.hierarchies = hierarchies }

    /// One mounted tree of cgroups.
    package struct Hierarchy: Sendable, Equatable {
        /// What the tree is for.
        package var kind: Kind
        /// Where it is mounted.
        package var mountPoint: FilePath
        /// The cgroup of this process in it, from `/proc/self/cgroup`: "/" or "/user.slice/…".
        package var ownPath: String

        package init(kind: Kind, mountPoint: FilePath, ownPath: String) {
            self.kind = kind
            self.mountPoint = mountPoint
            self.ownPath = ownPath
        }
    }

    /// What a hierarchy is for.
    package enum Kind: Sendable, Equatable {
        /// Version 1 with these controllers, mounted together.
        case controllers([CgroupController])
        /// Version 1 without a controller, kept by a service manager: `name=systemd`.
        case named(String)
        /// Version 2, with the controllers of its `cgroup.controllers`.
        case unified([CgroupController])
    }

    /// The hierarchy of version 2, where one is mounted.
    package var unified: Hierarchy? {
        hierarchies.first { if case .unified = $0.kind { true } else { false } }
    }

    /// Whether the machine has nothing but version 2.
    package var isUnified: Bool { hierarchies.count == 1 && unified != nil }

    /// The hierarchy that limits a resource, or nil when the machine cannot limit it.
    package func hierarchy(of controller: CgroupController) -> Hierarchy? {
        hierarchies.first {
            if case .controllers(let all) = $0.kind { all.contains(controller) } else { false }
        }
            ?? hierarchies.first {
                guard case .unified(let all) = $0.kind else { return false }
                return all.contains(controller) || controller.isBuiltIntoUnified
            }
    }

    /// The version in which a controller can be used, or nil when it cannot.
    package func version(of controller: CgroupController) -> CgroupVersion? {
        hierarchy(of: controller)?.version
    }
}

extension CgroupLayout.Hierarchy {
    /// The generation of the hierarchy.
    package var version: CgroupVersion {
        if case .unified = kind { .v2 } else { .v1 }
    }

    /// The directory of a cgroup in this hierarchy, from its path: "/kade/web".
    package func directory(of path: String) -> FilePath {
        mountPoint.pushing(FilePath(path).removingRoot())
    }
}

extension CgroupLayout {
    /// A machine of version 2 with its usual controllers and mount point.
    package static let version2 = CgroupLayout(hierarchies: [
        Hierarchy(
            kind: .unified([.cpuset, .cpu, .blockIO, .memory, .hugetlb, .pids, .rdma, .misc]),
            mountPoint: "/sys/fs/cgroup", ownPath: "/")
    ])

    /// A machine of version 1 with every controller, each in its usual place, and systemd's tree.
    package static let version1 = CgroupLayout(
        hierarchies: [
            [.cpu, .cpuAccounting], [.cpuset], [.memory], [.devices], [.freezer], [.pids],
            [.blockIO], [.hugetlb], [.rdma], [.networkClass, .networkPriority], [.perfEvent],
        ].map { (controllers: [CgroupController]) in
            let name = controllers.map(\.rawValue).joined(separator: ",")
            return Hierarchy(
                kind: .controllers(controllers), mountPoint: FilePath("/sys/fs/cgroup/\(name)"),
                ownPath: "/")
        } + [
            Hierarchy(kind: .named("systemd"), mountPoint: "/sys/fs/cgroup/systemd", ownPath: "/")
        ])
}
