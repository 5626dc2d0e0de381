import Diagnostics
import Engine

/// `kade untag`: takes names from an image, which stays.
struct UntagCommand: Command {
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<UntagCommand> {
        Grammar(
            name: "untag", synopsis: "IMAGE [NAME...]",
            summary: "Remove names from an image, all where none is given",
            discussion: "The image stays, without a name if need be; kade rmi removes it.",
            operands: .atLeast(1), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        try session.engine().images.untag(names[0], names: Array(names.dropFirst()))
        return .success
    }
}
