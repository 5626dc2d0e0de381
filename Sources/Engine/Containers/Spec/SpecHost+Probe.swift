import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import SystemPackage

extension EngineContext {
    /// What specs depend on of this machine, asked anew on each call.
    func specHost() throws(Problem) -> SpecHost {
        let isRootless = try isRootless()
        return try explaining("cannot look at this machine") { () throws(SystemCallError) in
            let layout = try cgroupLayout()
            var host = SpecHost()
            host.isRootless = isRootless
            if isRootless {
                host.cgroupAccess = CgroupAccess(ofUserOn: layout)
                let groups = IDMap(parsing: try File.readText("/proc/self/gid_map"))
                host.hasTerminalGroup = groups.outside(5) != nil
            }
            host.cgroupVersion = layout.version(of: .memory) ?? (layout.isUnified ? .v2 : .v1)
            host.capabilities = try ProcessCapabilities(of: 0).permitted.rawValue
            host.lastCapability = Self.number(in: "/proc/sys/kernel/cap_last_cap") ?? 40
            host.processorCount = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
            host.hasSwapAccounting = Self.hasSwapAccounting(layout)
            host.isAppArmorEnabled = Self.word(in: "/sys/module/apparmor/parameters/enabled") == "Y"
            host.isSELinuxEnabled = File.exists("/sys/fs/selinux/enforce")
            return host
        }
    }

    /// The engine's own hard limits for what a request limits, by `--ulimit` name.
    static func hardLimits(for limits: [ProcessLimit]) throws(Problem) -> [String: UInt64] {
        var result: [String: UInt64] = [:]
        for limit in limits {
            guard let kind = Linux.ResourceLimit(rawValue: "RLIMIT_" + limit.name.uppercased())
            else { continue }
            result[limit.name] = try explaining("cannot read the limit \(limit.name)") {
                () throws(SystemCallError) in try kind.hardLimit(of: 0)
            }
        }
        return result
    }

    private static func hasSwapAccounting(_ layout: CgroupLayout) -> Bool {
        guard let memory = layout.hierarchy(of: .memory) else { return false }
        return switch memory.version {
        case .v1: File.exists(memory.mountPoint.appending("memory.memsw.limit_in_bytes"))
        // The root has no limits of its own; swap is missing from the kernel or counted.
        case .v2: File.exists("/proc/swaps")
        }
    }

    /// A small file's first word; nil where the kernel has no such file.
    private static func word(in path: FilePath) -> String? {
        // A missing file is the answer no here, whatever the reason.
        guard let text = try? File.readText(path) else { return nil }
        return text.split(whereSeparator: \.isWhitespace).first.map(String.init)
    }

    private static func number(in path: FilePath) -> Int? { word(in: path).flatMap { Int($0) } }
}
