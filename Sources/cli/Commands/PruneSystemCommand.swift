import Build
import Diagnostics
import Engine
import Linux

/// `kade system prune`: removes all that no container uses.
struct PruneSystemCommand: Command {
    var includesAllImages = false
    var isForced = false
    var prunesVolumes = false
    var filters: [Label] = []

    static var grammar: Grammar<PruneSystemCommand> {
        Grammar(
            name: "prune", synopsis: "[OPTIONS]", summary: "Remove unused data",
            flags: [
                .switch(
                    "all", "a", "Remove all unused images not just dangling ones",
                    \.includesAllImages),
                .list(
                    "filter", nil, "filter",
                    "Provide filter values (e.g. \"label=<key>=<value>\")", \.filters,
                    FilterFlag.parse),
                .switch("force", "f", "Do not prompt for confirmation", \.isForced),
                .switch("volumes", nil, "Prune anonymous volumes", \.prunesVolumes),
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        if prunesVolumes, filters.contains(where: { $0.key == "until" }) {
            throw Problem(
                kind: .invalid, what: "conflicting options",
                why: "The \"until\" filter is not supported with \"--volumes\"",
                fix: "use one of them")
        }
        let containerFilter = try PruneFilter.containers(filters)
        let imageFilter = try ImageFilterFlag.filter(filters)
        let isAgreed = isForced ? true : try isConfirmed(in: session)
        guard isAgreed else { return .failure }
        let engine = try session.engine()
        var freed: Int64 = 0
        let containers = try engine.containers.prune(containerFilter)
        freed += containers.reclaimedInBytes
        try tell("Deleted Containers:", containers.ids, session)
        var networkFilter = NetworkFilter()
        networkFilter.createdBefore = containerFilter.createdBefore
        networkFilter.conditions = filters.filter { $0.key != "until" }.map { ($0.key, $0.value) }
        try tell("Deleted Networks:", engine.networks.prune(networkFilter), session)
        if prunesVolumes {
            var filter = VolumeFilter()
            filter.conditions = filters.map { ($0.key, $0.value) }
            let volumes = try engine.volumes.prune(filter, includingNamed: false)
            freed += volumes.reclaimedInBytes
            try tell("Deleted Volumes:", volumes.names, session)
        }
        let images = try engine.images.prune(imageFilter, includingNamed: includesAllImages)
        freed += images.reclaimedInBytes
        try tell("Deleted Images:", images.removals.map(Self.line), session)
        // What builds keep has neither labels nor a time that a filter could mean.
        if filters.isEmpty {
            let cache = try CachePruning.prune(
                engine, unusedForSeconds: nil, limits: CacheLimits())
            freed += cache.freedInBytes
            try tell("Deleted build cache objects:", cache.records, session)
        }
        try session.output.writeLine(
            "Total reclaimed space: \(HumanUnits.size(freed, digits: 4))")
        return .success
    }

    private static func line(_ removal: ImageRemoval) -> String {
        switch removal {
        case .untagged(let name): "untagged: \(name)"
        case .deleted(let id): "deleted: \(id)"
        }
    }

    private func tell(
        _ title: String, _ names: [String], _ session: Session
    ) throws(Problem) {
        guard !names.isEmpty else { return }
        try session.output.writeLine(title)
        for name in names { try session.output.writeLine(name) }
        try session.output.writeLine("")
    }

    /// Docker's question (docker/cli, command/system/prune.go).
    private func isConfirmed(in session: Session) throws(Problem) -> Bool {
        var parts = ["all stopped containers", "all networks not used by at least one container"]
        if prunesVolumes {
            parts.append("all anonymous volumes not used by at least one container")
        }
        parts.append(
            includesAllImages
                ? "all images without at least one container associated to them"
                : "all dangling images")
        if filters.isEmpty { parts.append("unused build cache") }
        var text = "This will remove:\n" + parts.map { "  - \($0)\n" }.joined()
        if !filters.isEmpty {
            text += "\n  Items to be pruned will be filtered with:\n"
            text += filters.map { "  - \($0.key)=\($0.value)\n" }.joined()
        }
        return try Confirmation.ask(text, in: session)
    }
}

/// `--filter` of what prunes containers.
enum PruneFilter {
    /// Reads label, label! and until.
    static func containers(_ filters: [Label]) throws(Problem) -> ContainerFilter {
        var filter = ContainerFilter()
        filter.includesStopped = true
        for condition in filters {
            switch condition.key {
            case "label", "label!": filter.conditions.append((condition.key, condition.value))
            case "until":
                let before = try moment(condition.value)
                filter.createdBefore = min(before, filter.createdBefore ?? before)
            default:
                throw Problem(
                    kind: .invalid, what: "invalid filter '\(condition.key)=\(condition.value)'",
                    why: "prune has no such filter", fix: "filters are label, label! and until")
            }
        }
        return filter
    }

    private static func moment(_ text: String) throws(Problem) -> Timestamp {
        do throws(InvalidValue) {
            return try TimeFlag.parse(text).moment(before: .now)
        } catch {
            throw Problem(
                kind: .invalid, what: "invalid filter 'until=\(text)'", why: error.why,
                fix: error.fix)
        }
    }
}
