import ContainerRuntime
package import Diagnostics
import Glibc
import Linux
package import OCI
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
        json.append("Driver", "overlay2")
        json.append("LoggingDriver", "json-file")
        json.append("CgroupDriver", "cgroupfs")
        json.append("CgroupVersion", host.cgroupVersion == .v2 ? "2" : "1")
        json.append("SwapLimit", .bool(host.hasSwapAccounting))
        json.append("NCPU", .integer(host.processorCount))
        json.append("MemTotal", .integer(Self.memoryInBytes))
        json.append("KernelVersion", .string(kernel))
        json.append("OperatingSystem", .string(try Self.operatingSystem()))
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
    }

    /// The distribution's name: os-release(5).
    private static func operatingSystem() throws(Problem) -> String {
        for path in ["/etc/os-release", "/usr/lib/os-release"] as [FilePath]
        where File.exists(path) {
            let text = try explaining("cannot read \(path)") {
                () throws(SystemCallError) in try File.readText(path)
            }
            for line in text.split(separator: "\n") where line.hasPrefix("PRETTY_NAME=") {
                return String(line.dropFirst(12).filter { $0 != "\"" })
            }
        }
        return "Linux"
    }
}

/// What `uname(2)` says.
private struct MachineNames {
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
