import ContainerRuntime
import Diagnostics
import SystemPackage

/// `kade-runtime monitor`: the engine's mode; see ``MonitorCommand``.
enum MonitorEntry {
    static func run(_ arguments: [String]) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(
            arguments,
            options: [
                .value("container"), .value("client-fd"), .value("preserve-fds"), .flag("network"),
                .value("bridges"),
            ], stopsAtOperand: false)
        try parsed.requireOperands(0...0, of: "monitor")
        guard let directory = parsed.value("container") else {
            throw Problem(
                kind: .invalid, what: "monitor: --container is missing", why: "it names the bundle")
        }
        let client = try parsed.number("client-fd").map { CInt(clamping: $0) }
        var passed: [CInt] = []
        for text in parsed.value("preserve-fds")?.split(separator: ",") ?? [] {
            guard let number = CInt(text), number > 2 else {
                throw Problem(
                    kind: .invalid, what: "monitor: cannot pass descriptor \(text) on",
                    why: "it is no number above 2")
            }
            passed.append(number)
        }
        let bridges = try parsed.number("bridges").map { number in
            BridgesDescriptors(namespace: CInt(clamping: number))
        }
        try SelfProtection.ensure(
            closingFrom: 3,
            keeping: passed + (client.map { [$0] } ?? []) + (bridges?.numbers ?? []))
        try MonitorCommand.run(
            container: FilePath(directory), firstClient: client,
            passing: PassedDescriptors(numbers: passed),
            hasNetwork: try parsed.has("network"), bridges: bridges?.path)
        return 0
    }
}
