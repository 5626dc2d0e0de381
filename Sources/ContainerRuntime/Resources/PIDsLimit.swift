import Diagnostics
import Linux
import OCI

/// How many processes and threads: `linux.resources.pids.limit` (config-linux.md § PIDs).
///
/// The file is `pids.max` in both versions; −1 is no limit. systemd calls it `TasksMax`.
enum PIDsLimit {
    private static let field = "linux.resources.pids.limit"

    static func steps(
        for pids: RuntimeSpec.Pids, in cgroup: Cgroup
    ) throws(Problem) -> [any SetupStep] {
        guard let limit = pids.limit else { return [] }
        if limit < 0, cgroup.layout.version(of: .pids) == nil { return [] }
        _ = try cgroup.version(of: .pids, for: field)
        // 0 lets nobody fork, which 1 does as well, but a process can still be born into the cgroup.
        let value = limit < 0 ? "max" : "\(max(limit, 1))"
        return [
            WriteCgroupFile(
                cgroup, .pids, "pids.max", value, spec: field,
                why: "fork fails with EAGAIN past this many processes and threads")
        ]
    }

    /// The same limit as a property of the container's unit.
    static func unitProperties(for pids: RuntimeSpec.Pids) -> [UnitProperty] {
        guard let limit = pids.limit else { return [] }
        return [UnitProperty("TasksMax", UnitProperty.limit(limit < 0 ? limit : max(limit, 1)))]
    }
}
