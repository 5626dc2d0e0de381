import Diagnostics
import Engine

/// `kade pause`: freezes all processes of containers.
struct PauseCommand: Command {
    var names: [String] = []

    static let canPlan = true

    static var selection: ContainerSelection? {
        ContainerSelection(several: .running, hasFilterLetter: true)
    }

    static var grammar: Grammar<PauseCommand> {
        Grammar(
            name: "pause", synopsis: "CONTAINER [CONTAINER...]",
            summary: "Pause all processes within one or more containers",
            operands: .atLeast(1), operandKind: .runningContainers, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let containers = try session.engine().containers
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            try containers.pause(name)
            return name
        }
    }
}
