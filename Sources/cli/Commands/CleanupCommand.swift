import Diagnostics
import Engine

/// `kade container cleanup ID`: what a monitor runs when a `--rm` container has ended and no
/// client promised to remove it.
struct CleanupCommand: Command {
    var id = ""

    static var grammar: Grammar<CleanupCommand> {
        Grammar(
            name: "cleanup", synopsis: "CONTAINER",
            summary: "Remove an ended container and its anonymous volumes",
            operands: .exactly(1), assign: { $0.id = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        do {
            _ = try session.engine().containers.remove(id, force: false, removesVolumes: true)
        } catch {
            guard error.kind == .notFound else { throw error }  // somebody else was faster
        }
        return .success
    }
}
