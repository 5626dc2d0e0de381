import Diagnostics
import Linux
import OCI

/// Files of version 2 by name: `linux.resources.unified` (config-linux.md § Unified).
///
/// `memory.high`, `cpu.pressure`, `cgroup.max.depth`, also those that this version of Kade does not
/// know. The specification makes a file that does not exist, and a machine without version 2, an
/// error.
enum UnifiedSettings {
    private static let field = "linux.resources.unified"

    static func steps(
        for settings: [String: String], in cgroup: Cgroup
    ) throws(Problem) -> [any SetupStep] {
        var steps: [any SetupStep] = []
        for (file, value) in settings.sorted(by: { $0.key < $1.key }) {
            guard !file.isEmpty, !file.contains("/"), !file.hasPrefix(".") else {
                throw .invalidLimit(field, "\"\(file)\" is not the name of a cgroup file")
            }
            steps.append(
                WriteCgroupFile(
                    cgroup, try controller(of: file, cgroup),
                    candidates: [
                        .init(
                            file: file,
                            values: value.split(separator: "\n").map(String.init))
                    ], spec: "\(field).\(file)", why: "written as it is to \(file)"))
        }
        return steps
    }

    /// The settings that systemd knows, as properties of the container's unit.
    ///
    /// - Throws: when a value is wrong.
    static func unitProperties(
        for settings: [String: String], version: Int
    ) throws(Problem) -> [UnitProperty] {
        var properties: [UnitProperty] = []
        for (file, text) in settings.sorted(by: { $0.key < $1.key }) {
            let words = text.split { $0 == " " || $0 == "\n" }.map(String.init)
            switch (file, words.first) {
            case ("cpu.max", let quota?):
                properties += CPULimit.quotaProperties(
                    quota: quota == "max" ? -1 : Int64(try number(quota, file)),
                    period: words.count > 1 ? try number(words[1], file) : nil)
            case ("cpuset.cpus", let list?):
                properties.append(UnitProperty("AllowedCPUs", try CPUSet.bits(of: list, "cpus")))
            case ("cpuset.mems", let list?):
                properties.append(
                    UnitProperty("AllowedMemoryNodes", try CPUSet.bits(of: list, "mems")))
            case ("memory.oom.group", let value?):
                // Since version 253; only at the unit's start.
                guard version >= 253 else { continue }
                properties.append(
                    UnitProperty("OOMPolicy", .string(value == "1" ? "kill" : "continue")))
            case (_, let value?):
                guard let name = unitNames[file] else { continue }
                let limit = value == "max" ? UInt64.max : try number(value, file)
                properties.append(UnitProperty(name, .uint64(limit)))
            case (_, nil): continue
            }
        }
        return properties
    }

    private static let unitNames = [
        "cpu.weight": "CPUWeight", "memory.high": "MemoryHigh", "memory.low": "MemoryLow",
        "memory.max": "MemoryMax", "memory.min": "MemoryMin", "memory.swap.max": "MemorySwapMax",
        "pids.max": "TasksMax",
    ]

    private static func number(_ text: String, _ file: String) throws(Problem) -> UInt64 {
        guard let number = UInt64(text), number <= Int64.max else {
            throw .invalidLimit("\(field).\(file)", "\"\(text)\" is no number")
        }
        return number
    }

    /// The controllers that the settings need.
    static func controllers(of settings: [String: String]) -> [CgroupController] {
        settings.keys.compactMap { CgroupController(unifiedName: prefix(of: $0)) }
    }

    private static func controller(
        of file: String, _ cgroup: Cgroup
    ) throws(Problem) -> CgroupController {
        let name = prefix(of: file)
        // "cgroup.*" and "irq.*" belong to every cgroup, as the freezer does.
        let controller = CgroupController(unifiedName: name) ?? .freezer
        guard cgroup.layout.version(of: controller) == .v2 else {
            throw Problem(
                kind: .unsupported, what: "cannot apply \(field).\(file)",
                why: "the \(name) controller of this machine is not in a version 2 hierarchy",
                fix: "use the fields of linux.resources, which work with both versions")
        }
        return controller
    }

    private static func prefix(of file: String) -> String {
        String(file.prefix { $0 != "." })
    }
}
