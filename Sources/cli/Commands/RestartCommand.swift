import Diagnostics
import Engine

/// `kade restart`: stops containers where needed, and starts them.
struct RestartCommand: Command {
    var ending = StopFlags()
    var names: [String] = []

    static let canPlan = true

    static var selection: ContainerSelection? {
        ContainerSelection(several: .every, hasFilterLetter: true)
    }

    static var grammar: Grammar<RestartCommand> {
        Grammar(
            name: "restart", synopsis: "[OPTIONS] CONTAINER [CONTAINER...]",
            summary: "Restart one or more containers",
            flags: StopFlags.flags.map { $0.lifted(to: \.ending) },
            operands: .atLeast(1), operandKind: .containers, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let containers = try session.engine().containers
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            try containers.restart(name, signal: ending.signal, timeoutInSeconds: ending.timeout)
            return name
        }
    }
}
