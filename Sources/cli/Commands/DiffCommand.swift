import Diagnostics
import Engine

/// `kade diff`: what a container changed in its root file system.
struct DiffCommand: Command {
    var name = ""

    static var selection: ContainerSelection? { .one }

    static var grammar: Grammar<DiffCommand> {
        Grammar(
            name: "diff", synopsis: "CONTAINER",
            summary: "Inspect changes to files or directories on a container's filesystem",
            operands: .exactly(1), operandKind: .containers, assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let changes = try session.engine().containers.diff(name)
        try session.output.write(changes.map { "\($0.kind.rawValue) \($0.path)\n" }.joined())
        return .success
    }
}
