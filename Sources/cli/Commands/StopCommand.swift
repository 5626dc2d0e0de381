import Diagnostics
import Engine

/// `kade stop`: ends containers gently, and by force after a time.
struct StopCommand: Command {
    var signal: String?
    var timeout: Int?
    var names: [String] = []

    static var grammar: Grammar<StopCommand> {
        Grammar(
            name: "stop", synopsis: "[OPTIONS] CONTAINER [CONTAINER...]",
            summary: "Stop one or more running containers",
            flags: [
                .value(
                    "signal", "s", "string", "Signal to send to the container", \.signal,
                    SignalFlag.parse),
                .value(
                    "timeout", "t", "int", "Seconds to wait before killing the container",
                    \.timeout, NumberValue.parseInt),
                Flag<StopCommand>.value(
                    "time", nil, "int", "", \.timeout, NumberValue.parseInt
                ).hidden,
            ], operands: .atLeast(1), operandKind: .runningContainers, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let containers = try session.engine().containers
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            try containers.stop(name, signal: signal, timeoutInSeconds: timeout)
            return name
        }
    }
}
