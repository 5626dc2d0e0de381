import Diagnostics
import Engine

/// `kade image prune`: removes images that nobody uses.
struct PruneImagesCommand: Command {
    var includesNamed = false
    var isForced = false
    var filters: [Label] = []

    static var grammar: Grammar<PruneImagesCommand> {
        Grammar(
            name: "prune", synopsis: "[OPTIONS]", summary: "Remove unused images",
            flags: [
                .switch(
                    "all", "a", "Remove all unused images, not just dangling ones",
                    \.includesNamed),
                .list(
                    "filter", nil, "filter",
                    "Provide filter values (e.g. \"until=24h\", \"label=<key>=<value>\")",
                    \.filters, FilterFlag.parse),
                .switch("force", "f", "Do not prompt for confirmation", \.isForced),
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var includesNamed = includesNamed
        var conditions: [Label] = []
        for condition in filters {
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
        let isAgreed = isForced ? true : try Confirmation.ask(warning, in: session)
        guard isAgreed else { return .failure }
        let pruned = try session.engine().images.prune(filter, includingNamed: includesNamed)
        if !pruned.removals.isEmpty { try session.output.writeLine("Deleted Images:") }
        for removal in pruned.removals {
            switch removal {
            case .untagged(let name): try session.output.writeLine("untagged: \(name)")
            case .deleted(let id): try session.output.writeLine("deleted: \(id)")
            }
        }
        if !pruned.removals.isEmpty { try session.output.writeLine("") }
        let size = HumanUnits.size(pruned.reclaimedInBytes, digits: 4)
        try session.output.writeLine("Total reclaimed space: \(size)")
        return .success
    }
}

/// A question before something is removed.
enum Confirmation {
    /// Asks, and reads the answer from standard input.
    static func ask(_ warning: String, in session: Session) throws(Problem) -> Bool {
        if session.plan != nil { return true }
        try session.output.write(
            "WARNING! \(warning)\nAre you sure you want to continue? [y/N] ")
        let answer = readLine()?.lowercased() ?? ""
        return answer == "y" || answer == "yes"
    }
}
