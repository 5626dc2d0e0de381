import Diagnostics
import Engine

/// `kade wait`: blocks until containers have ended, and prints their exit codes.
struct WaitCommand: Command {
    var names: [String] = []

    static var grammar: Grammar<WaitCommand> {
        Grammar(
            name: "wait", synopsis: "CONTAINER [CONTAINER...]",
            summary: "Block until one or more containers stop, then print their exit codes",
            operands: .atLeast(1), operandKind: .runningContainers, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let containers = try session.engine().containers
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            "\(try containers.wait(name))"
        }
    }
}
