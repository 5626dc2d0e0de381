import Build
import Diagnostics
import Engine
import Linux

/// `kade system prune`: removes all that no container uses.
struct PruneSystemCommand: Command {
    var includesAllImages = false
    var prunesVolumes = false
    var prune = PruneFlags()

    static let canPlan = true

    static var grammar: Grammar<PruneSystemCommand> {
        Grammar(
            name: "prune", synopsis: "[OPTIONS]", summary: "Remove unused data",
            flags: [
                .switch(
                    "all", "a", "Remove all unused images not just dangling ones",
                    \.includesAllImages),
                .switch("volumes", nil, "Prune anonymous volumes", \.prunesVolumes),
            ] + PruneFlags.flags.map { $0.lifted(to: \.prune) }, operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let filters = prune.filters
        if prunesVolumes, filters.contains(where: { $0.key == "until" }) {
            throw Problem(
                kind: .invalid, what: "conflicting options",
                why: "The \"until\" filter is not supported with \"--volumes\"",
                fix: "use one of them")
        }
        let conditions = try prune.conditions()
        let imageFilter = try ImageFilterFlag.filter(filters)
        guard try prune.isAgreed(warning, in: session) else { return .failure }
        let engine = try session.engine()
        let report = PruneReport(session: session)
        var freed: Int64 = 0
        let containers = try engine.containers.prune(conditions.containers)
        freed += containers.reclaimedInBytes
        try report.list("Deleted Containers:", containers.ids)
        let networks = try engine.networks.prune(conditions.networks)
        try report.list("Deleted Networks:", networks.names)
        if prunesVolumes {
            var filter = VolumeFilter()
            filter.conditions = conditions.labels
            let volumes = try engine.volumes.prune(filter, includingNamed: false)
            freed += volumes.reclaimedInBytes
            try report.list("Deleted Volumes:", volumes.names)
        }
        let images = try engine.images.prune(imageFilter, includingNamed: includesAllImages)
        freed += images.reclaimedInBytes
        try report.list("Deleted Images:", images.removals.map(\.line))
        // What builds keep has neither labels nor a time that a filter could mean.
        if filters.isEmpty {
            let cache = try CachePruning.prune(
                engine, unusedForSeconds: nil, limits: CacheLimits())
            freed += cache.freedInBytes
            try report.list("Deleted build cache objects:", cache.records)
        }
        try report.total(freed)
        return try report.end(containers.problems + networks.problems)
    }

    /// Docker's question (docker/cli, command/system/prune.go).
    private var warning: String {
        var parts = ["all stopped containers", "all networks not used by at least one container"]
        if prunesVolumes {
            parts.append("all anonymous volumes not used by at least one container")
        }
        parts.append(
            includesAllImages
                ? "all images without at least one container associated to them"
                : "all dangling images")
        if prune.filters.isEmpty { parts.append("unused build cache") }
        var text = "This will remove:\n" + parts.map { "  - \($0)\n" }.joined()
        if !prune.filters.isEmpty {
            text += "\n  Items to be pruned will be filtered with:\n"
            text += prune.filters.map { "  - \($0.key)=\($0.value)\n" }.joined()
        }
        return text
    }
}
