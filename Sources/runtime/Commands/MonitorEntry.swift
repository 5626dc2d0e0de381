import ContainerRuntime
import Diagnostics
import SystemPackage

/// `kade-runtime monitor`: the engine's mode; see ``MonitorCommand``.
enum MonitorEntry {
    static func run(_ arguments: [String]) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(
            arguments,
            options: [
                .value("container"), .value("client-fd"), .flag("network"), .flag("bridges"),
            ], stopsAtOperand: false)
        try parsed.requireOperands(0...0, of: "monitor")
        guard let directory = parsed.value("container") else {
            throw Problem(
                kind: .invalid, what: "monitor: --container is missing", why: "it names the bundle")
        }
        let client = try parsed.number("client-fd").map { CInt(clamping: $0) }
        let hasBridges = try parsed.has("bridges")
        try SelfProtection.ensure(
            closingFrom: hasBridges ? Int(BridgesDescriptor.use) + 1 : 3, except: client)
        try MonitorCommand.run(
            container: FilePath(directory), firstClient: client,
            hasNetwork: try parsed.has("network"),
            bridges: hasBridges ? BridgesDescriptor.path : nil)
        return 0
    }
}
