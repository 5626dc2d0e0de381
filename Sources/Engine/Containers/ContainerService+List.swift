import ContainerRuntime
package import Diagnostics
import Networking
import OCI
import SystemPackage

extension ContainerService {
    /// Containers, newest first.
    ///
    /// What killed monitors, half-made containers and reboots left is cleaned up on the way.
    package func list(_ filter: ContainerFilter) throws(Problem) -> [ContainerSummary] {
        let records = try context.database.read { database throws(Problem) in
            try database.containers()
        }
        let endpoints = try context.database.read { database throws(Problem) in
            try database.endpointsByContainer()
        }
        var statuses: [ContainerStatus] = []
        for record in records {
            if let status = try context.cleanedStatus(of: record, restarting: true) {
                statuses.append(status)
            }
        }
        try context.removeOrphans(knowing: Set(records.map(\.id)))
        let matcher = try ContainerMatcher(filter, among: statuses, on: endpoints)
        var matching = statuses.filter { matcher.matches($0) }
        if !matcher.healths.isEmpty {
            var ofHealth: [ContainerStatus] = []
            for status in matching where try matcher.healths.contains(healthWord(of: status)) {
                ofHealth.append(status)
            }
            matching = ofHealth
        }
        if let last = filter.last {
            matching = Array(matching.prefix(max(0, last)))
        } else if !filter.includesStopped, !matcher.asksForState {
            matching.removeAll { !$0.state.isAlive && $0.state.word != "restarting" }
        }
        var summaries: [ContainerSummary] = []
        for status in matching {
            var summary = ContainerSummary(status, on: endpoints[status.record.id] ?? [])
            if status.state.isAlive {
                summary.health = try context.health(of: status.record)?.status
            }
            if filter.includesSize { summary.size = try context.size(of: status.record) }
            summaries.append(summary)
        }
        return summaries
    }

    /// Docker's word for a container's health: `none` without a health check.
    private func healthWord(of status: ContainerStatus) throws(Problem) -> String {
        try context.health(of: status.record)?.status.rawValue ?? "none"
    }

    /// The names of the containers in a state, newest first.
    ///
    /// Unlike ``list(_:)`` it changes nothing: a shell asks it while someone types.
    package func names(
        where matches: (ContainerState) -> Bool
    ) throws(Problem) -> [String] {
        let records = try context.database.read { database throws(Problem) in
            try database.containers()
        }
        var names: [String] = []
        for record in records where matches(try context.status(of: record).state) {
            names.append(record.name)
        }
        return names
    }

    /// One container's line, as `ps` has it.
    package func summary(of name: String) throws(Problem) -> ContainerSummary {
        let record = try context.record(of: name)
        let status = try context.status(of: record)
        var summary = ContainerSummary(status, on: try context.endpoints(of: record))
        if status.state.isAlive { summary.health = try context.health(of: status.record)?.status }
        return summary
    }

    /// Whether a name still leads to a container.
    package func exists(_ name: String) throws(Problem) -> Bool {
        do throws(Problem) {
            _ = try context.record(of: name)
            return true
        } catch  where error.kind == .notFound {
            return false
        }
    }

    /// Whether a container ran, and has ended.
    package func hasEnded(_ name: String) throws(Problem) -> Bool {
        do throws(Problem) {
            guard case .exited = try context.status(of: context.record(of: name)).state else {
                return false
            }
            return true
        } catch  where error.kind == .notFound {
            return false
        }
    }

    /// The request as merged with the image's configuration: terminal, streams, stop signal.
    package func request(of name: String) throws(Problem) -> ContainerRequest {
        try context.record(of: name).request
    }

    /// Gives a container a new name.
    package func rename(_ name: String, to newName: String) throws(Problem) {
        var request = ContainerRequest(image: "")
        request.name = newName
        try request.validateName()
        context.forget()
        let old = try context.database.write { database throws(Problem) in
            let record = try database.container(name)
            guard record.name != newName else {
                throw Problem(
                    kind: .invalid, what: "cannot rename container \(name)",
                    why: "Renaming a container with the same name as its current name")
            }
            try database.rename(containerID: record.id, to: newName)
            return record
        }
        var record = old
        record.name = newName
        context.plan?.note(.rename(old, to: newName), by: .engine)
        context.tell(.rename, of: record, ["oldName": "/" + old.name])
        try context.withLock(on: record.id) { () throws(Problem) in
            let record = try context.record(of: record.id)
            try context.renewMonitor(of: record)
            // Others on its networks find it by its new name.
            if try context.endpoints(of: record).contains(where: \.hasNames) {
                try context.apply(to: record)
            }
        }
    }
}

extension ContainerSummary {
    init(_ status: ContainerStatus, on endpoints: [EndpointRecord]) {
        let request = status.record.request
        let isAlive = status.state.isAlive
        self.init(
            id: status.record.id, name: status.record.name, image: status.record.image,
            imageID: status.record.imageID,
            command: (request.process.entrypoint ?? []) + (request.command ?? []),
            created: status.record.created, state: status.state, labels: request.labels,
            mounts: request.mounts.compactMap { mount in
                switch mount.kind {
                case .bind(let bind): bind.source
                case .volume(let volume): volume.name
                case .image(let image): image.image
                case .tmpfs: nil
                }
            },
            networks: endpoints.isEmpty ? [request.networkMode] : endpoints.map(\.network.name),
            ports: isAlive ? status.lifecycle?.ports ?? [] : [],
            exposed: isAlive ? request.network.exposed.sorted() : [])
    }
}

/// The filters of `ps`, understood.
struct ContainerMatcher {
    private var tests: [String: [(ContainerStatus) -> Bool]] = [:]
    private let createdBefore: Timestamp?
    /// Whether a filter names states, which then decide instead of `--all`.
    private(set) var asksForState = false
    /// The words of health that are wanted; empty where all are.
    private(set) var healths: Set<String> = []

    init(
        _ filter: ContainerFilter, among all: [ContainerStatus],
        on endpoints: [String: [EndpointRecord]]
    ) throws(Problem) {
        createdBefore = filter.createdBefore
        for (key, value) in filter.conditions {
            if key == "health" {
                guard ["starting", "healthy", "unhealthy", "none"].contains(value) else {
                    throw Self.invalid(key, value)
                }
                healths.insert(value)
                continue
            }
            let test =
                switch key {
                case "network": Self.networkTest(value, endpoints)
                case "publish", "expose": try Self.portTest(key, value)
                default: try Self.test(key, value, all)
                }
            tests[key, default: []].append(test)
            if key == "status" || key == "exited" { asksForState = true }
        }
    }

    /// Values of one key are alternatives (labels are not), keys come together.
    func matches(_ status: ContainerStatus) -> Bool {
        if let createdBefore, status.record.created >= createdBefore { return false }
        return tests.allSatisfy { key, tests in
            key == "label" || key == "label!"
                ? tests.allSatisfy { $0(status) } : tests.contains { $0(status) }
        }
    }

    private static func test(
        _ key: String, _ value: String, _ all: [ContainerStatus]
    ) throws(Problem) -> (ContainerStatus) -> Bool {
        switch key {
        case "id": return { $0.record.id.hasPrefix(value) }
        case "is-task":
            guard ["true", "false", "1", "0"].contains(value) else { throw invalid(key, value) }
            // Tasks are a swarm's.
            return { _ in value == "false" || value == "0" }
        case "name":
            let pattern = NamePattern(value)
            return { pattern.matches($0.record.name) }
        case "label":
            let label = LabelPattern(value)
            return { label.matches($0.record.request.labels) }
        case "label!":
            let label = LabelPattern(value)
            return { !label.matches($0.record.request.labels) }
        case "exited":
            guard let code = Int32(value) else { throw invalid(key, value) }
            return {
                guard case .exited(code, _, _) = $0.state else { return false }
                return true
            }
        case "status":
            let words = [
                "created", "restarting", "running", "removing", "paused", "exited", "dead",
            ]
            guard words.contains(value) else { throw invalid(key, value) }
            return { $0.state.word == value }
        case "ancestor":
            return { status in
                let record = status.record
                let id = record.imageID.contains(":") ? Digest.hash(namedBy: record.imageID) : ""
                return record.image == value || record.imageID == value
                    || record.image == value + ":latest"
                    || (value.utf8.count >= 4 && id.hasPrefix(value))
            }
        case "before", "since":
            guard let other = all.first(where: { named($0, value) }) else {
                throw Problem(
                    kind: .notFound, what: "No such container: \(value)",
                    why: "the filter \(key) names it")
            }
            let created = other.record.created
            return key == "before"
                ? { $0.record.created < created } : { $0.record.created > created }
        case "volume":
            return { status in
                ContainerSummary(status, on: []).mounts.contains(value)
                    || status.record.request.mounts.contains { $0.target == value }
            }
        case "restart-policy":
            guard ["no", "always", "unless-stopped", "on-failure"].contains(value) else {
                throw invalid(key, value)
            }
            return { $0.record.request.restartPolicy.nameAndRetries.name == value }
        case "should-start-on-boot":
            guard value == "true" || value == "false" else { throw invalid(key, value) }
            return { $0.startsAtBoot == (value == "true") }
        default: throw invalid(key, value)
        }
    }

    /// The name of a network, its ID or the beginning of it.
    private static func networkTest(
        _ value: String, _ endpoints: [String: [EndpointRecord]]
    ) -> (ContainerStatus) -> Bool {
        { status in
            let networks = (endpoints[status.record.id] ?? []).map(\.network)
            guard !networks.isEmpty else { return status.record.request.networkMode == value }
            return networks.contains { $0.name == value || $0.id.hasPrefix(value) }
        }
    }

    /// A port or a range of them, of a protocol.
    private static func portTest(
        _ key: String, _ value: String
    ) throws(Problem) -> (ContainerStatus) -> Bool {
        guard let wanted = try? Set(PortSpec.parseExposed(value)) else { throw invalid(key, value) }
        return { status in
            let published = (status.lifecycle?.ports ?? []).map {
                TransportPort($0.port, $0.transport)
            }
            let ports =
                key == "publish" ? Set(published) : status.record.request.network.exposed
            return !wanted.isDisjoint(with: ports)
        }
    }

    private static func named(_ status: ContainerStatus, _ text: String) -> Bool {
        status.record.name == text || status.record.id.hasPrefix(text)
    }

    private static func invalid(_ key: String, _ value: String) -> Problem {
        Problem(
            kind: .invalid, what: "invalid filter '\(key)=\(value)'",
            why: "there is no such filter, or the value is none of its",
            fix:
                "filters are id, name, label, exited, status, health, ancestor, before, since, volume, "
                + "network, publish, expose, is-task, restart-policy and should-start-on-boot")
    }
}
