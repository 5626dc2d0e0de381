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
