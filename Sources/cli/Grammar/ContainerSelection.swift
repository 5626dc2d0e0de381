import Diagnostics
import Engine

/// By which of Podman's flags a command finds containers, in the place of their names.
struct ContainerSelection {
    /// What `--all`, `--filter` and `--cidfile` find; nil for a command that takes one container.
    var several: Several?
    /// `--latest` is called `-l`.
    var hasLatestLetter = true
    /// `--filter` is called `-f`.
    var hasFilterLetter = false

    /// The states of the containers that `--all` and `--filter` mean.
    enum Several {
        case every, alive, running, paused
    }

    /// One container: `--latest`.
    static let one = ContainerSelection()
}

/// The containers that such flags select.
struct SelectedContainers {
    var isLatest = false
    var isAll = false
    var filters: [Label] = []
    var idFiles: [String] = []

    static func flags(for selection: ContainerSelection) -> [Flag<SelectedContainers>] {
        var flags: [Flag<SelectedContainers>] = [
            .switch(
                "latest", selection.hasLatestLetter ? "l" : nil,
                "Act on the container that was made last", \.isLatest)
        ]
        guard let several = selection.several else { return flags }
        let all =
            switch several {
            case .every: "all containers"
            case .alive: "all containers that run"
            case .running: "all containers that run and are not paused"
            case .paused: "all paused containers"
            }
        flags += [
            .switch("all", "a", "Act on \(all)", \.isAll),
            .list(
                "filter", selection.hasFilterLetter ? "f" : nil, "filter",
                "Act on \(all) that match, e.g. \"label=stage=test\"", \.filters, FilterFlag.parse),
            .list(
                "cidfile", nil, "file", "Act on the container whose ID the file has", \.idFiles),
        ]
        return flags
    }

    /// The containers' IDs.
    ///
    /// - Parameters:
    ///   - selection: what the flags mean.
    ///   - operands: what was named beside them.
    ///   - session: whose containers they are.
    /// - Returns: nil where no flag selects any.
    /// - Throws: where flags contradict each other, or there is no container at all.
    func ids(
        _ selection: ContainerSelection, besides operands: [String], in session: Session
    ) throws(Problem) -> [String]? {
        let given = [isLatest, isAll || !filters.isEmpty, !idFiles.isEmpty].count { $0 }
        guard given > 0 else { return nil }
        guard given == 1 else {
            throw Problem(
                kind: .invalid, what: "conflicting options",
                why: "--latest, --all, --filter and --cidfile", fix: "use one of them")
        }
        guard selection.several == nil || operands.isEmpty else {
            throw Problem(
                kind: .invalid, what: "conflicting options",
                why: "containers are named, and found by a flag", fix: "use one of them")
        }
        guard idFiles.isEmpty else {
            return try idFiles.map { file throws(Problem) in
                let lines = try FlagFile.lines(of: file, flag: "--cidfile")
                guard let id = lines.first else {
                    throw Problem(
                        kind: .invalid, what: "cannot use --cidfile \(file)", why: "it is empty",
                        fix: "kade run --cidfile writes one")
                }
                return id
            }
        }
        var filter = ContainerFilter()
        filter.includesStopped = true
        filter.last = isLatest ? 1 : nil
        filter.conditions = filters.map { ($0.key, $0.value) }
        let found = try session.engine().containers.list(filter)
        guard !isLatest else {
            guard let latest = found.first else {
                throw Problem(
                    kind: .notFound, what: "cannot use --latest", why: "there is no container",
                    fix: "make one: kade run")
            }
            return [latest.id]
        }
        return found.filter { selection.several?.contains($0.state) ?? false }.map(\.id)
    }
}

extension ContainerSelection.Several {
    /// Whether a container of such a state is meant.
    func contains(_ state: ContainerState) -> Bool {
        switch (self, state) {
        case (.every, _), (.alive, .running), (.alive, .paused), (.alive, .restarting),
            (.running, .running), (.paused, .paused):
            true
        default: false
        }
    }
}
