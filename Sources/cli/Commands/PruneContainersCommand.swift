import Diagnostics
import Engine
import Linux

/// `kade container prune`: removes all containers that do not run.
struct PruneContainersCommand: Command {
    var isForced = false
    var filters: [Label] = []

    static var grammar: Grammar<PruneContainersCommand> {
        Grammar(
            name: "prune", synopsis: "[OPTIONS]", summary: "Remove all stopped containers",
            flags: [
                .switch("force", "f", "Do not prompt for confirmation", \.isForced),
                .list(
                    "filter", nil, "filter", "Provide filter values (e.g. \"label=<key>=<value>\")",
                    \.filters, FilterFlag.parse),
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let isAgreed = isForced ? true : try isConfirmed(in: session)
        guard isAgreed else { return .failure }
        var filter = ContainerFilter()
        filter.includesStopped = true
        filter.conditions = filters.map { ($0.key, $0.value) }
        let removed = try session.engine().containers.prune(filter)
        guard !removed.isEmpty else { return .success }
        try session.output.writeLine("Deleted Containers:")
        for id in removed { try session.output.writeLine(id) }
        return .success
    }

    private func isConfirmed(in session: Session) throws(Problem) -> Bool {
        try session.output.write(
            "WARNING! This will remove all stopped containers.\n"
                + "Are you sure you want to continue? [y/N] ")
        let answer = readLine()?.lowercased() ?? ""
        return answer == "y" || answer == "yes"
    }
}
