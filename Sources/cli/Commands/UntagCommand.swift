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

/// `kade image exists`: tells by its exit code whether an image is here.
struct ImageExistsCommand: Command {
    var name = ""

    static var grammar: Grammar<ImageExistsCommand> {
        Grammar(
            name: "exists", synopsis: "IMAGE",
            summary: "Exit with 0 if an image is in the store, and with 1 if it is not",
            operands: .exactly(1), operandKind: .images, assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        try session.engine().images.contains(name, platform: nil) ? .success : .failure
    }
}
