import ContainerRuntime
package import Diagnostics
import Glibc
import Linux
package import OCI
import Storage
import SystemPackage

/// What the engine says about itself and the machine.
package struct SystemService: Sendable {
    let context: EngineContext

    init(context: EngineContext) {
        self.context = context
    }

    /// The engine and the machine in the shape of `docker info`.
    package func information() throws(Problem) -> JSONValue {
        let containers = try ContainerService(context: context).list(Self.everything)
        let running = containers.filter { $0.state.word == "running" }.count
        let paused = containers.filter { $0.state.word == "paused" }.count
        let images = Set(try ImageService(context: context).list(ImageFilter()).images.map(\.id))
            .count
        let host = try context.specHost()
        let machine = try MachineNames()
        let kernel = machine.release
        var json = JSONObject()
        json.append("ID", .string(try context.bootID()))
        json.append("Containers", .integer(containers.count))
        json.append("ContainersRunning", .integer(running))
        json.append("ContainersPaused", .integer(paused))
        json.append("ContainersStopped", .integer(containers.count - running - paused))
        json.append("Images", .integer(images))
        json.append("Driver", .string(try context.newStorageDriver().dockerName))
        json.append(
            "Plugins",
            [
                "Log": .strings(LogOptions.Driver.allCases.map(\.rawValue).sorted()),
                "Network": .strings(NetworkDriver.allCases.map(\.rawValue).sorted()),
                "Volume": ["local"],
            ])
        try appendControllers(to: &json, host)
        json.append("IPv4Forwarding", .bool(try Self.isForwarding()))
        json.append("SystemTime", .string(Timestamp.now.rfc3339))
        json.append("LoggingDriver", .string(LogRequest().driver))
        json.append("CgroupDriver", .string(host.cgroupAccess.driver))
        json.append("CgroupVersion", host.cgroupVersion == .v2 ? "2" : "1")
        json.append("SwapLimit", .bool(host.hasSwapAccounting))
        json.append("NCPU", .integer(host.processorCount))
        json.append("MemTotal", .integer(Self.memoryInBytes))
        json.append("KernelVersion", .string(kernel))
        json.append("OperatingSystem", .string(try Self.operatingSystem("PRETTY_NAME") ?? "Linux"))
        json.append("OSVersion", .string(try Self.operatingSystem("VERSION_ID") ?? ""))
        json.append("OSType", "linux")
        json.append("Architecture", .string(machine.machine))
        json.append("Name", .string(machine.node))
        json.append("ServerVersion", .string(context.configuration.version))
        json.append("DockerRootDir", .string(context.configuration.dataRoot.string))
        json.append("RunRoot", .string(context.configuration.runRoot.string))
        json.append("DefaultRuntime", "kade-runtime")
        json.append(
            "Runtimes",
            ["kade-runtime": ["path": .string(context.configuration.runtimeProgram.string)]])
        json.append("SecurityOptions", .strings(Self.securityOptions(host)))
        let environment = context.configuration.helperEnvironment
        for (name, variable) in [
            ("HttpProxy", "HTTP_PROXY="), ("HttpsProxy", "HTTPS_PROXY="), ("NoProxy", "NO_PROXY="),
        ] {
            let value = environment.first { $0.uppercased().hasPrefix(variable) }
            json.append(name, .string(value.map { String($0.dropFirst(variable.count)) } ?? ""))
        }
        // A container outlives whatever started it: there is no daemon that could take it along.
        json.append("LiveRestoreEnabled", true)
        json.append("Swarm", ["LocalNodeState": "inactive"])
        return .object(json)
    }

    static var everything: ContainerFilter {
        var filter = ContainerFilter()
        filter.includesStopped = true
        return filter
    }

    private static var memoryInBytes: Int {
        sysconf(CInt(_SC_PHYS_PAGES)) * sysconf(CInt(_SC_PAGESIZE))
    }

    private static func securityOptions(_ host: SpecHost) -> [String] {
        (host.isAppArmorEnabled ? ["name=apparmor"] : []) + ["name=seccomp,profile=builtin"]
            + (host.isSELinuxEnabled ? ["name=selinux"] : [])
            + (host.cgroupVersion == .v2 ? ["name=cgroupns"] : [])
            + (host.isRootless ? ["name=rootless"] : [])
    }

    /// What the distribution says of itself: os-release(5).
    private static func operatingSystem(_ field: String) throws(Problem) -> String? {
        for path in ["/etc/os-release", "/usr/lib/os-release"] as [FilePath]
        where File.exists(path) {
            let text = try explaining("cannot read \(path)") {
                () throws(SystemCallError) in try File.readText(path)
            }
            for line in text.split(separator: "\n") where line.hasPrefix("\(field)=") {
                return String(line.dropFirst(field.count + 1).filter { $0 != "\"" })
            }
            return nil
        }
        return nil
    }

    /// Which limits the machine's cgroups can keep, by Docker's names.
    private func appendControllers(
        to json: inout JSONObject, _ host: SpecHost
    ) throws(Problem) {
        let isAllowed = if case .none = host.cgroupAccess { false } else { true }
        let layout = try explaining("cannot look at the machine's cgroups") {
            () throws(SystemCallError) in try context.cgroupLayout()
        }
        for (name, controller) in [
            ("MemoryLimit", CgroupController.memory), ("CpuCfsPeriod", .cpu),
            ("CpuCfsQuota", .cpu), ("CPUShares", .cpu), ("CPUSet", .cpuset), ("PidsLimit", .pids),
        ] {
            json.append(name, .bool(isAllowed && layout.version(of: controller) != nil))
        }
        // Only version 1 can keep the kernel from killing.
        json.append("OomKillDisable", .bool(isAllowed && layout.version(of: .memory) == .v1))
    }

    private static func isForwarding() throws(Problem) -> Bool {
        try explaining("cannot ask whether the machine forwards packets") {
            () throws(SystemCallError) in
            try File.readText("/proc/sys/net/ipv4/ip_forward").hasPrefix("1")
        }
    }
}

/// What `uname(2)` says.
struct MachineNames {
    let node: String
    let release: String
    let machine: String

    init() throws(Problem) {
        var names = utsname()
        try explaining("cannot ask for the machine's names") { () throws(SystemCallError) in
            _ = try kernel("uname", "") { uname(&names) }
        }
        node = Self.text(&names.nodename)
        release = Self.text(&names.release)
        machine = Self.text(&names.machine)
    }

    private static func text<Field>(_ field: inout Field) -> String {
        withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
