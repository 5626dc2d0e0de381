import Build
import Diagnostics
import Engine

/// `kade builder prune`: forgets what builds have made, and frees what only they needed.
struct PruneBuilderCommand: Command {
    var prune = PruneFlags()
    var isAll = false
    var limits = CacheLimits()

    static let canPlan = true

    static var grammar: Grammar<PruneBuilderCommand> {
        Grammar(
            name: "prune", synopsis: "[OPTIONS]", summary: "Remove build cache",
            discussion: """
                With limits, what was of no use for longest goes first, until the rest is within
                them; --filter until=24h says how long it must have been of no use.
                """,
            flags: [
                .switch("all", "a", "Remove all of it, as without this flag", \.isAll),
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
            ] + PruneFlags.flags.map { $0.lifted(to: \.prune) }, operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var seconds: Int64?
        for filter in prune.filters {
            guard filter.key == "until" || filter.key == "unused-for" else {
                throw Problem(
                    kind: .invalid, what: "invalid filter '\(filter.key)=\(filter.value)'",
                    why: "prune has no such filter", fix: "there is until")
            }
            let now = Timestamp.now
            let moment = try PruneFlags.moment(filter, before: now)
            let age = now.nanosecondsSinceEpoch - moment.nanosecondsSinceEpoch
            seconds = age / 1_000_000_000
        }
        let warning = "This will remove all of the build cache."
        guard try prune.isAgreed(warning, in: session) else { return .failure }
        let outcome = try CachePruning.prune(
            session.engine(), unusedForSeconds: seconds, limits: limits)
        for record in outcome.records { try session.output.writeLine(record) }
        try PruneReport(session: session).total(outcome.freedInBytes)
        return .success
    }
}
