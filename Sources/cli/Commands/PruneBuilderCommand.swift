import Build
import Diagnostics
import Engine

/// `kade builder prune`: forgets what builds have made, and frees what only they needed.
struct PruneBuilderCommand: Command {
    var isForced = false
    var isAll = false
    var filters: [Label] = []
    var limits = CacheLimits()

    static var grammar: Grammar<PruneBuilderCommand> {
        Grammar(
            name: "prune", synopsis: "[OPTIONS]", summary: "Remove build cache",
            discussion: """
                With limits, what was of no use for longest goes first, until the rest is within
                them; --filter until=24h says how long it must have been of no use.
                """,
            flags: [
                .switch("force", "f", "Do not prompt for confirmation", \.isForced),
                .switch("all", "a", "Remove all of it, as without this flag", \.isAll),
                .list(
                    "filter", nil, "filter", "Provide filter values (e.g. \"until=24h\")",
                    \.filters,
                    FilterFlag.parse),
                .value(
                    "keep-storage", nil, "bytes", "The same as --reserved-space",
                    \.limits.reservedInBytes, ByteSize.parse),
                .value(
                    "max-used-space", nil, "bytes", "Leave not more than this of the build cache",
                    \.limits.mostInBytes, ByteSize.parse),
                .value(
                    "min-free-space", nil, "bytes",
                    "Remove as much as leaves this much of the disk free",
                    \.limits.leastFreeInBytes, ByteSize.parse),
                .value(
                    "reserved-space", nil, "bytes", "Leave this much of the build cache",
                    \.limits.reservedInBytes, ByteSize.parse),
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var seconds: Int64?
        for filter in filters {
            guard filter.key == "until" || filter.key == "unused-for" else {
                throw Problem(
                    kind: .invalid, what: "invalid filter '\(filter.key)=\(filter.value)'",
                    why: "prune has no such filter", fix: "there is until")
            }
            seconds = try Self.age(filter.value)
        }
        let isAgreed = isForced ? true : try isConfirmed(in: session)
        guard isAgreed else { return .failure }
        let outcome = try CachePruning.prune(
            session.engine(), unusedForSeconds: seconds, limits: limits)
        for record in outcome.records { try session.output.writeLine(record) }
        try session.output.writeLine(
            "Total reclaimed space: \(HumanUnits.size(outcome.freedInBytes, digits: 4))")
        return .success
    }

    private func isConfirmed(in session: Session) throws(Problem) -> Bool {
        try session.output.write(
            "WARNING! This will remove all of the build cache.\n"
                + "Are you sure you want to continue? [y/N] ")
        let answer = readLine()?.lowercased() ?? ""
        return answer == "y" || answer == "yes"
    }

    /// How long ago a moment was.
    private static func age(_ text: String) throws(Problem) -> Int64 {
        do throws(InvalidValue) {
            let now = Timestamp.now
            let moment = try TimeFlag.parse(text).moment(before: now)
            return (now.nanosecondsSinceEpoch - moment.nanosecondsSinceEpoch) / 1_000_000_000
        } catch {
            throw Problem(
                kind: .invalid, what: "invalid filter 'until=\(text)'", why: error.why,
                fix: error.fix)
        }
    }
}
