import Diagnostics
import Engine

/// `kade restart`: stops containers where needed, and starts them.
struct RestartCommand: Command {
    var signal: String?
    var timeout: Int?
    var names: [String] = []

    static var grammar: Grammar<RestartCommand> {
        Grammar(
            name: "restart", synopsis: "[OPTIONS] CONTAINER [CONTAINER...]",
            summary: "Restart one or more containers",
            flags: [
                .value(
                    "signal", "s", "string", "Signal to send to the container", \.signal,
                    SignalFlag.parse),
                .value(
                    "timeout", "t", "int", "Seconds to wait before killing the container",
                    \.timeout, NumberValue.parseInt),
                Flag<RestartCommand>.value(
                    "time", nil, "int", "", \.timeout, NumberValue.parseInt
                ).hidden,
            ], operands: .atLeast(1), operandKind: .containers, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let containers = try session.engine().containers
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            try containers.restart(name, signal: signal, timeoutInSeconds: timeout)
            return name
        }
    }
}
