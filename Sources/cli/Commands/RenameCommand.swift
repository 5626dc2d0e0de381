import Diagnostics
import Engine

/// `kade rename`: gives a container a new name.
struct RenameCommand: Command {
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<RenameCommand> {
        Grammar(
            name: "rename", synopsis: "CONTAINER NEW_NAME", summary: "Rename a container",
            operands: .exactly(2), operandKind: .containers, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        try session.engine().containers.rename(names[0], to: names[1])
        return .success
    }
}
