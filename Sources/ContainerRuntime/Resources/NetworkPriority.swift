import Diagnostics
import Linux
import OCI

/// Traffic class and priorities: `linux.resources.network` (config-linux.md § Network).
///
/// `net_cls.classid` and `net_prio.ifpriomap` exist in version 1 only; version 2 has netfilter and
/// eBPF match the cgroup instead.
enum NetworkPriority {
    private static let field = "linux.resources.network"

    static func steps(
        for network: RuntimeSpec.Network, in cgroup: Cgroup
    ) throws(Problem) -> [any SetupStep] {
        var steps: [any SetupStep] = []
        if let classID = network.classID, classID != 0 {
            try require(.networkClass, "\(field).classID", cgroup)
            steps.append(
                WriteCgroupFile(
                    cgroup, .networkClass, "net_cls.classid", "\(classID)",
                    spec: "\(field).classID", why: "tc(8) finds the container's packets by it"))
        }
        if !network.priorities.isEmpty {
            try require(.networkPriority, "\(field).priorities", cgroup)
            steps.append(
                WriteCgroupFile(
                    cgroup, .networkPriority,
                    candidates: [
                        .init(
                            file: "net_prio.ifpriomap",
                            values: network.priorities.map { "\($0.name) \($0.priority)" })
                    ], spec: "\(field).priorities",
                    why: "the priority of the container's packets on each interface"))
        }
        return steps
    }

    private static func require(
        _ controller: CgroupController, _ field: String, _ cgroup: Cgroup
    ) throws(Problem) {
        if cgroup.layout.isUnified { throw .onlyInVersion1(field) }
        _ = try cgroup.version(of: controller, for: field)
    }
}
