/// The two generations of the kernel's control groups (cgroups(7)).
package enum CgroupVersion: Int, Sendable, Hashable, CaseIterable {
    /// One hierarchy for each controller, or for a few that are mounted together.
    case v1 = 1
    /// One hierarchy with every controller.
    case v2 = 2
}

/// A resource that control groups measure and limit.
///
/// The raw value is the name of version 1, as in `/proc/self/cgroup`.
package enum CgroupController: String, Sendable, Hashable, CaseIterable {
    case cpu
    /// CPU time used; version 2 counts it in every cgroup without a controller.
    case cpuAccounting = "cpuacct"
    case cpuset
    case memory
    /// Access to device nodes; version 2 asks an eBPF program instead of a controller.
    case devices
    /// Stopping a whole cgroup; a part of every cgroup in version 2.
    case freezer
    case pids
    /// Block devices: `blkio` in version 1, `io` in version 2.
    case blockIO = "blkio"
    case hugetlb
    case rdma
    /// The class of outgoing packets; version 1 only.
    case networkClass = "net_cls"
    /// The priority of outgoing packets; version 1 only.
    case networkPriority = "net_prio"
    /// Groups for perf(1); always on in version 2.
    case perfEvent = "perf_event"
    case misc

    /// The controller's name in `cgroup.controllers` of version 2, or nil where it has none there.
    package var unifiedName: String? {
        switch self {
        case .blockIO: "io"
        case .cpu, .cpuset, .memory, .pids, .hugetlb, .rdma, .misc: rawValue
        case .cpuAccounting, .devices, .freezer, .networkClass, .networkPriority, .perfEvent: nil
        }
    }

    /// The controller that version 2 calls by this name.
    package init?(unifiedName: String) {
        guard let found = Self.allCases.first(where: { $0.unifiedName == unifiedName }) else {
            return nil
        }
        self = found
    }

    /// Whether every cgroup of version 2 has this ability without enabling anything.
    package var isBuiltIntoUnified: Bool {
        switch self {
        case .cpuAccounting, .devices, .freezer: true
        default: false
        }
    }
}
