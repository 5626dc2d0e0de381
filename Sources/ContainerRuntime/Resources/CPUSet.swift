import Diagnostics
import Linux
import OCI

/// Which processors and memory nodes: `linux.resources.cpu.cpus` and `.mems` (config-linux.md § CPU).
///
/// `cpuset.cpus` and `cpuset.mems` have the same names in both versions; systemd calls them
/// `AllowedCPUs` and `AllowedMemoryNodes`.
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

    /// The same sets as properties of the container's unit.
    ///
    /// - Throws: when a list is none.
    static func unitProperties(for cpu: RuntimeSpec.CPU) throws(Problem) -> [UnitProperty] {
        var properties: [UnitProperty] = []
        if let list = cpu.cpus, !list.isEmpty {
            properties.append(UnitProperty("AllowedCPUs", try bits(of: list, "cpus")))
        }
        if let list = cpu.mems, !list.isEmpty {
            properties.append(UnitProperty("AllowedMemoryNodes", try bits(of: list, "mems")))
        }
        return properties
    }

    /// A list such as "0-2,7" as systemd takes it: a bit for each number, in bytes from the lowest.
    static func bits(of list: String, _ name: String) throws(Problem) -> DBusValue {
        guard let numbers = NumberList.parse(list) else {
            throw .invalidLimit("\(field).\(name)", "\"\(list)\" is no list such as 0-3,7")
        }
        var bytes = [UInt8](repeating: 0, count: (numbers.max() ?? 0) / 8 + 1)
        for number in numbers { bytes[number / 8] |= 1 << (number % 8) }
        return .array(bytes.map { .byte($0) }, of: "y")
    }

    private static func write(
        _ cgroup: Cgroup, _ file: String, _ list: String?, _ name: String, _ why: String
    ) -> WriteCgroupFile? {
        guard let list, !list.isEmpty else { return nil }
        return WriteCgroupFile(cgroup, .cpuset, file, list, spec: "\(field).\(name)", why: why)
    }
}
