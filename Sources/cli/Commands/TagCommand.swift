import Diagnostics
import Engine

/// `kade tag`: gives an image a further name.
struct TagCommand: Command {
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<TagCommand> {
        Grammar(
            name: "tag", synopsis: "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
            summary: "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE",
            operands: .exactly(2), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        try session.engine().images.tag(names[0], as: names[1])
        return .success
    }
}
