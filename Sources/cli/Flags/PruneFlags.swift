import Diagnostics
import Engine

/// What all commands that prune are given, and the question that they ask first.
struct PruneFlags {
    var isForced = false
    var filters: [Label] = []

    static var flags: [Flag<PruneFlags>] {
        [
            .list(
                "filter", nil, "filter",
                "Provide filter values (e.g. \"until=24h\", \"label=<key>=<value>\")", \.filters,
                FilterFlag.parse),
            .switch("force", "f", "Do not prompt for confirmation", \.isForced),
        ]
    }

    /// Whether it may begin: with `--force`, or when somebody says so.
    func isAgreed(_ warning: @autoclosure () -> String, in session: Session) throws(Problem) -> Bool
    {
        if isForced || session.plan != nil { return true }
        return try Confirmation.ask(warning(), in: session)
    }

    /// The filters of what prunes containers and networks: label, label! and until.
    func conditions() throws(Problem) -> PruneConditions {
        var conditions = PruneConditions()
        for filter in filters {
            switch filter.key {
            case "label", "label!": conditions.labels.append((filter.key, filter.value))
            case "until":
                let before = try Self.moment(filter, before: .now)
                conditions.createdBefore = min(before, conditions.createdBefore ?? before)
            default:
                throw Problem(
                    kind: .invalid, what: "invalid filter '\(filter.key)=\(filter.value)'",
                    why: "prune has no such filter", fix: "filters are label, label! and until")
            }
        }
        return conditions
    }

    /// The moment that `until` names.
    static func moment(_ filter: Label, before now: Timestamp) throws(Problem) -> Timestamp {
        do throws(InvalidValue) {
            return try TimeFlag.parse(filter.value).moment(before: now)
        } catch {
            throw Problem(
                kind: .invalid, what: "invalid filter '\(filter.key)=\(filter.value)'",
                why: error.why, fix: error.fix)
        }
    }
}

/// Which containers or networks are pruned.
struct PruneConditions {
    var labels: [(key: String, value: String)] = []
    var createdBefore: Timestamp?

    var containers: ContainerFilter {
        var filter = ContainerFilter()
        filter.includesStopped = true
        filter.conditions = labels
        filter.createdBefore = createdBefore
        return filter
    }

    var networks: NetworkFilter {
        var filter = NetworkFilter()
        filter.conditions = labels
        filter.createdBefore = createdBefore
        return filter
    }
}

/// A question before something is removed.
enum Confirmation {
    /// Asks, and reads the answer from standard input.
    static func ask(_ warning: String, in session: Session) throws(Problem) -> Bool {
        try session.output.write(
            "WARNING! \(warning)\nAre you sure you want to continue? [y/N] ")
        let answer = readLine()?.lowercased() ?? ""
        return answer == "y" || answer == "yes"
    }
}

/// What prune commands tell at their end.
struct PruneReport {
    let session: Session

    /// A title with its names below; nothing where there are none.
    func list(_ title: String, _ names: [String]) throws(Problem) {
        guard !names.isEmpty else { return }
        try session.output.write("\(title)\n\(names.map { "\($0)\n" }.joined())\n")
    }

    func total(_ reclaimedInBytes: Int64) throws(Problem) {
        let size = HumanUnits.size(reclaimedInBytes, digits: 4)
        try session.output.writeLine("Total reclaimed space: \(size)")
    }

    /// Says what could not be removed.
    func end(_ problems: [Problem]) throws(Problem) -> ExitCode {
        for problem in problems {
            try session.error.write(
                ProblemText.text(of: problem, level: session.globals.level))
        }
        return problems.isEmpty ? .success : .failure
    }
}

extension ImageRemoval {
    /// The removal as prune commands list it.
    var line: String {
        switch self {
        case .untagged(let name): "untagged: \(name)"
        case .deleted(let id): "deleted: \(id)"
        }
    }
}
