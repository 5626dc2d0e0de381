import Diagnostics
import Engine
import Linux

/// `kade container prune`: removes all containers that do not run.
struct PruneContainersCommand: Command {
    var isForced = false
    var filters: [Label] = []

    static let canPlan = true

    static var grammar: Grammar<PruneContainersCommand> {
        Grammar(
            name: "prune", synopsis: "[OPTIONS]", summary: "Remove all stopped containers",
            flags: [
                .switch("force", "f", "Do not prompt for confirmation", \.isForced),
                .list(
                    "filter", nil, "filter",
                    "Provide filter values (e.g. \"until=24h\", \"label=<key>=<value>\")",
                    \.filters, FilterFlag.parse),
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let filter = try PruneFilter.containers(filters)
        let isAgreed =
            isForced
            ? true : try Confirmation.ask("This will remove all stopped containers.", in: session)
        guard isAgreed else { return .failure }
        let pruned = try session.engine().containers.prune(filter)
        if !pruned.ids.isEmpty {
            try session.output.writeLine("Deleted Containers:")
            for id in pruned.ids { try session.output.writeLine(id) }
            try session.output.writeLine("")
        }
        let size = HumanUnits.size(pruned.reclaimedInBytes, digits: 4)
        try session.output.writeLine("Total reclaimed space: \(size)")
        return .success
    }
}
