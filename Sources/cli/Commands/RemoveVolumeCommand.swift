import Diagnostics
import Engine

/// `kade volume rm`: removes volumes that no container has.
struct RemoveVolumeCommand: Command {
    var isForced = false
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<RemoveVolumeCommand> {
        Grammar(
            name: "rm", synopsis: "[OPTIONS] VOLUME [VOLUME...]",
            summary: "Remove one or more volumes",
            discussion: "A volume that a container has cannot be removed, with --force neither:"
                + " that only makes one that is not there no error.",
            flags: [
                .switch("force", "f", "Force the removal of one or more volumes", \.isForced)
            ], operands: .atLeast(1), operandKind: .volumes, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let volumes = try session.engine().volumes
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            do throws(Problem) {
                try volumes.remove(name)
            } catch  where error.kind == .notFound && isForced {
                return name  // as Docker: what is not there is as good as removed
            }
            return name
        }
    }
}
