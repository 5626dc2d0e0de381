import Diagnostics
import Engine

/// `kade volume prune`: removes volumes that no container has.
struct PruneVolumesCommand: Command {
    var includesNamed = false
    var prune = PruneFlags()

    static let canPlan = true

    static var grammar: Grammar<PruneVolumesCommand> {
        Grammar(
            name: "prune", synopsis: "[OPTIONS]", summary: "Remove unused local volumes",
            flags: [
                .switch(
                    "all", "a", "Remove all unused volumes, not just anonymous ones",
                    \.includesNamed)
            ] + PruneFlags.flags.map { $0.lifted(to: \.prune) }, operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var includesNamed = includesNamed
        var filter = VolumeFilter()
        for condition in prune.filters {
            switch (condition.key, condition.value) {
            case ("label", _), ("label!", _):
                filter.conditions.append((condition.key, condition.value))
            // Docker's other word for --all.
            case ("all", "true"), ("all", "1"): includesNamed = true
            case ("all", "false"), ("all", "0"): includesNamed = false
            default: throw .unknownFilter(condition)
            }
        }
        let kind = includesNamed ? "all" : "anonymous"
        let warning =
            "This will remove \(kind) local volumes not used by at least one container."
        guard try prune.isAgreed(warning, in: session) else { return .failure }
        let pruned = try session.engine().volumes.prune(filter, includingNamed: includesNamed)
        let report = PruneReport(session: session)
        try report.list("Deleted Volumes:", pruned.names)
        try report.total(pruned.reclaimedInBytes)
        return .success
    }
}
