import Diagnostics
import Engine

/// `kade rm`: removes containers.
struct RemoveCommand: Command {
    var isForced = false
    var removesVolumes = false
    var names: [String] = []

    static let canPlan = true

    static var selection: ContainerSelection? {
        ContainerSelection(several: .every, hasLatestLetter: false)
    }

    static var grammar: Grammar<RemoveCommand> {
        Grammar(
            name: "rm", synopsis: "[OPTIONS] CONTAINER [CONTAINER...]",
            summary: "Remove one or more containers",
            flags: [
                .switch(
                    "force", "f", "Force the removal of a running container (uses SIGKILL)",
                    \.isForced),
                .switch(
                    "volumes", "v", "Remove anonymous volumes associated with the container",
                    \.removesVolumes),
                .unsupported(
                    "link", "l", nil,
                    why: "a link is one of a place on a network: disconnect that, and connect anew"),
            ], operands: .atLeast(1), operandKind: .containers, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let containers = try session.engine().containers
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            do throws(Problem) {
                let leftover = try containers.remove(
                    name, force: isForced, removesVolumes: removesVolumes)
                if let leftover { try session.warn(leftover) }
            } catch  where error.kind == .notFound && isForced {
                // With force, what is not there is as good as removed: Docker ends with 0.
                try session.warn("\(error)")
                return nil
            }
            return name
        }
    }
}
