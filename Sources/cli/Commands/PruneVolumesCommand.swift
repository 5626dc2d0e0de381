import Diagnostics
import Engine

/// `kade volume prune`: removes volumes that no container has.
struct PruneVolumesCommand: Command {
    var includesNamed = false
    var isForced = false
    var filters: [Label] = []

    static let canPlan = true

    static var grammar: Grammar<PruneVolumesCommand> {
        Grammar(
            name: "prune", synopsis: "[OPTIONS]", summary: "Remove unused local volumes",
            flags: [
                .switch(
                    "all", "a", "Remove all unused volumes, not just anonymous ones",
                    \.includesNamed),
                .list(
                    "filter", nil, "filter",
                    "Provide filter values (e.g. \"label=<label>\")", \.filters,
                    FilterFlag.parse),
                .switch("force", "f", "Do not prompt for confirmation", \.isForced),
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var includesNamed = includesNamed
        var filter = VolumeFilter()
        for condition in filters {
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
        let isAgreed = isForced ? true : try Confirmation.ask(warning, in: session)
        guard isAgreed else { return .failure }
        let pruned = try session.engine().volumes.prune(filter, includingNamed: includesNamed)
        if !pruned.names.isEmpty {
            let names = pruned.names.map { "\($0)\n" }.joined()
            try session.output.write("Deleted Volumes:\n\(names)\n")
        }
        let size = HumanUnits.size(pruned.reclaimedInBytes, digits: 4)
        try session.output.writeLine("Total reclaimed space: \(size)")
        return .success
    }
}
