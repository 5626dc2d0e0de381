import Diagnostics
import Engine

/// `kade unpause`: thaws all processes of containers.
struct UnpauseCommand: Command {
    var names: [String] = []

    static let canPlan = true

    static var selection: ContainerSelection? {
        ContainerSelection(several: .paused, hasFilterLetter: true)
    }

    static var grammar: Grammar<UnpauseCommand> {
        Grammar(
            name: "unpause", synopsis: "CONTAINER [CONTAINER...]",
            summary: "Unpause all processes within one or more containers",
            operands: .atLeast(1), operandKind: .containers, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let containers = try session.engine().containers
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            try containers.unpause(name)
            return name
        }
    }
}
