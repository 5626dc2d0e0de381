import Diagnostics
import Engine

/// `kade image diff`: what an image's last layer changes, or how two images differ.
struct ImageDiffCommand: Command {
    var name = ""
    var other: String?

    static var grammar: Grammar<ImageDiffCommand> {
        Grammar(
            name: "diff", synopsis: "IMAGE [IMAGE]",
            summary: "Inspect changes to the files of an image",
            discussion: """
                With one image: what its last layer changes. With two: how the first differs from
                the second; files count as the same by kind, mode, owner, size and time.
                """,
            operands: .between(1, 2), operandKind: .images,
            assign: { command, operands in
                command.name = operands[0]
                command.other = operands.count > 1 ? operands[1] : nil
            })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let changes = try session.engine().images.diff(name, against: other)
        try session.output.write(changes.map { "\($0.kind.rawValue) \($0.path)\n" }.joined())
        return .success
    }
}
