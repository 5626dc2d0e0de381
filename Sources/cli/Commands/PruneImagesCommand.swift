import Diagnostics
import Engine

/// `kade image prune`: removes images that nobody uses.
struct PruneImagesCommand: Command {
    var includesNamed = false
    var prune = PruneFlags()

    static let canPlan = true

    static var grammar: Grammar<PruneImagesCommand> {
        Grammar(
            name: "prune", synopsis: "[OPTIONS]", summary: "Remove unused images",
            flags: [
                .switch(
                    "all", "a", "Remove all unused images, not just dangling ones",
                    \.includesNamed)
            ] + PruneFlags.flags.map { $0.lifted(to: \.prune) }, operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var includesNamed = includesNamed
        var conditions: [Label] = []
        for condition in prune.filters {
            switch (condition.key, condition.value) {
            case ("label", _), ("label!", _), ("until", _): conditions.append(condition)
            // Docker's other word for --all.
            case ("dangling", "false"), ("dangling", "0"): includesNamed = true
            case ("dangling", "true"), ("dangling", "1"): break
            default:
                throw Problem(
                    kind: .invalid, what: "invalid filter '\(condition.key)=\(condition.value)'",
                    why: "prune has no such filter",
                    fix: "filters are dangling, label, label! and until")
            }
        }
        let filter = try ImageFilterFlag.filter(conditions)
        let warning =
            includesNamed
            ? "This will remove all images without at least one container associated to them."
            : "This will remove all dangling images."
        guard try prune.isAgreed(warning, in: session) else { return .failure }
        let pruned = try session.engine().images.prune(filter, includingNamed: includesNamed)
        let report = PruneReport(session: session)
        try report.list("Deleted Images:", pruned.removals.map(\.line))
        try report.total(pruned.reclaimedInBytes)
        return .success
    }
}
