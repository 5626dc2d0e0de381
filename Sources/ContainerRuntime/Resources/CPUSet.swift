import Diagnostics
import Linux
import OCI

/// Which processors and memory nodes: `linux.resources.cpu.cpus` and `.mems` (config-linux.md § CPU).
///
/// `cpuset.cpus` and `cpuset.mems` have the same names in both versions.
enum CPUSet {
    private static let field = "linux.resources.cpu"

    static func steps(
        for cpu: RuntimeSpec.CPU, in cgroup: Cgroup
    ) throws(Problem) -> [any SetupStep] {
        guard isLimited(cpu) else { return [] }
        _ = try cgroup.version(of: .cpuset, for: "\(field).cpus")
        return [
            write(cgroup, "cpuset.cpus", cpu.cpus, "cpus", "the processors the container may use"),
            write(cgroup, "cpuset.mems", cpu.mems, "mems", "the memory nodes it may use"),
        ].compactMap { $0 }
    }

    /// Whether a field asks for something; an empty text does not.
    static func isLimited(_ cpu: RuntimeSpec.CPU) -> Bool {
        cpu.cpus?.isEmpty == false || cpu.mems?.isEmpty == false
    }

    private static func write(
        _ cgroup: Cgroup, _ file: String, _ list: String?, _ name: String, _ why: String
    ) -> WriteCgroupFile? {
        guard let list, !list.isEmpty else { return nil }
        return WriteCgroupFile(cgroup, .cpuset, file, list, spec: "\(field).\(name)", why: why)
    }
}
