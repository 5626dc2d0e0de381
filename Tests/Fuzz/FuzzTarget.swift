import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import SystemPackage

/// Something that the runtime reads and others may have written.
package enum FuzzTarget: UInt8, CaseIterable, Sendable {
    /// `config.json`, up to the plan of the container on each kind of machine.
    case configuration
    /// The process of `exec --process`.
    case process
    /// `state.json`, up to what `state` and hooks are told.
    case state
    /// A message between the runtime and init.
    case handshake
    /// `monitor.json` of the engine.
    case monitorConfiguration
    /// A message of the engine to a monitor.
    case monitorRequest
    /// A message of a monitor to the engine.
    case monitorReply
    /// A specification of devices in YAML.
    case yaml

    /// Reads an input as the runtime would, up to where it would act.
    ///
    /// - Returns: why it is refused; nil where it is accepted.
    package func read(_ bytes: [UInt8]) -> Problem? {
        do throws(Problem) {
            switch self {
            case .configuration: try Self.plan(RuntimeSpec(json: bytes, named: "config.json"))
            case .process:
                let process = try RuntimeSpec.Process(json: bytes, named: "process.json")
                try SpecValidation.check(process, field: "process")
            case .state: try Self.describe(RuntimeState(json: bytes, named: "state.json"))
            case .handshake: Self.exchange(bytes)
            case .monitorConfiguration:
                let read = try MonitorConfiguration(json: bytes, named: "monitor.json")
                let again = try MonitorConfiguration(json: read.json(), named: "again")
                precondition(again == read, "monitor.json is written as it was read")
            case .monitorRequest: _ = try ClientMessage(datagram: bytes)
            case .monitorReply: _ = try MonitorMessage(datagram: bytes)
            case .yaml:
                _ = try YAMLText.parse(String(decoding: bytes, as: UTF8.self), named: "cdi.yaml")
            }
            return nil
        } catch {
            precondition(!error.what.isEmpty && !error.why.isEmpty, "an error says what and why")
            precondition(error.kind != .bug, "a bug: \(error)")
            return error
        }
    }

    /// Plans a container for each kind of machine, and explains the plan.
    private static func plan(_ spec: RuntimeSpec) throws(Problem) {
        try SpecValidation.check(spec)
        let hosts = [
            HostFacts(cgroups: .version1), HostFacts(cgroups: .version2),
            HostFacts(
                effectiveUserID: 1000, effectiveGroupID: 1000, effectiveCapabilities: 0,
                isAppArmorEnabled: true, isSELinuxEnabled: true),
        ]
        // Each may refuse what the others can do; a plan of the first one must be possible.
        var refusals: [Problem] = []
        for host in hosts {
            do throws(Problem) {
                let plan = try ContainerPlan(
                    spec: spec, bundle: "/bundle", host: host,
                    options: PlanOptions(containerID: "fuzz", start: .fifo("/run/exec.fifo")))
                precondition(!plan.text.isEmpty, "a plan has steps")
            } catch {
                refusals.append(error)
            }
        }
        if refusals.count == hosts.count, let first = refusals.first { throw first }
    }

    private static func describe(_ state: RuntimeState) throws(Problem) {
        try state.check(id: state.id)
        let again = try RuntimeState(json: state.json(), named: "again")
        precondition(again == state, "state.json is written as it was read")
        for status in ContainerState.Status.allCases {
            // What hooks read must be one JSON object, whatever the texts are.
            let text = ContainerState(of: state, status: status).json()
            let told = try JSONValue(json: text, named: "the state that a hook reads")
            precondition(told["id"]?.string == state.id, "a hook is told the container's name")
            precondition(told["bundle"]?.string == state.bundle, "a hook is told the bundle")
        }
    }

    private static func exchange(_ bytes: [UInt8]) {
        guard let message = HandshakeMessage(decoding: bytes) else { return }
        precondition(
            HandshakeMessage(decoding: message.encoded) != nil, "a message is read as it was sent")
    }
}
