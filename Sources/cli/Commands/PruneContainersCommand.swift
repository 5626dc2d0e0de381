import Diagnostics
import Engine

/// `kade container prune`: removes all containers that do not run.
struct PruneContainersCommand: Command {
    var prune = PruneFlags()

    static let canPlan = true

    static var grammar: Grammar<PruneContainersCommand> {
        Grammar(
            name: "prune", synopsis: "[OPTIONS]", summary: "Remove all stopped containers",
            flags: PruneFlags.flags.map { $0.lifted(to: \.prune) }, operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let filter = try prune.conditions().containers
        guard try prune.isAgreed("This will remove all stopped containers.", in: session) else {
            return .failure
        }
        let pruned = try session.engine().containers.prune(filter)
        let report = PruneReport(session: session)
        try report.list("Deleted Containers:", pruned.ids)
        try report.total(pruned.reclaimedInBytes)
        return try report.end(pruned.problems)
    }
}
