import Diagnostics
import Engine

/// `kade kill`: sends a signal to containers, SIGKILL unless another is named.
struct KillCommand: Command {
    var signal: String?
    var names: [String] = []

    static let canPlan = true

    static var selection: ContainerSelection? { ContainerSelection(several: .alive) }

    static var grammar: Grammar<KillCommand> {
        Grammar(
            name: "kill", synopsis: "[OPTIONS] CONTAINER [CONTAINER...]",
            summary: "Kill one or more running containers",
            flags: [
                .value(
                    "signal", "s", "string", "Signal to send to the container", \.signal,
                    SignalFlag.parse)
            ], operands: .atLeast(1), operandKind: .runningContainers, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let containers = try session.engine().containers
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            try containers.kill(name, signal: signal ?? "KILL")
            return name
        }
    }
}
