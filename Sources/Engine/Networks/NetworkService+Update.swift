import ContainerRuntime
package import Diagnostics
package import Networking

/// What `network update` changes of a network.
package struct NetworkUpdate: Sendable {
    /// Name servers that are asked from now on, after those that there are.
    package var addedServers: [IPAddress] = []
    /// Name servers that are asked no more.
    package var droppedServers: [IPAddress] = []

    package init() {}
}

extension NetworkService {
    /// Changes a network, for its containers that run at once.
    ///
    /// The network's containers are held meanwhile, and those that run have the mark of a change:
    /// who is killed in between leaves the marks, and the next commands make the containers what
    /// the network's row says.
    package func update(_ name: String, _ change: NetworkUpdate) throws(Problem) {
        try context.makePredefinedNetworks()
        let network = try context.database.read { database throws(Problem) in
            try database.network(name)
        }
        while true {
            let records = try containers(on: network)
            let updated = try holding(records[...]) { () throws(Problem) in
                try update(network, change, for: records)
            }
            guard let updated else { continue }  // another container has come to the network
            return context.tell(.update, of: .network, updated)
        }
    }

    /// The containers that have a place on a network, in the order in which they are locked.
    private func containers(on network: NetworkRecord) throws(Problem) -> [ContainerRecord] {
        try context.database.read { database throws(Problem) in
            var records: [ContainerRecord] = []
            for endpoint in try database.endpoints(ofNetwork: network.id) {
                guard let record = try database.container(id: endpoint.container) else { continue }
                records.append(record)
            }
            return records.sorted { $0.id < $1.id }
        }
    }

    /// Holds containers, one after the other, with the mark of a change of those that run.
    private func holding<Value>(
        _ records: ArraySlice<ContainerRecord>, _ body: () throws(Problem) -> Value
    ) throws(Problem) -> Value {
        guard let first = records.first else { return try body() }
        return try context.withLock(on: first.id) { () throws(Problem) in
            guard try context.status(of: first).truth.isMonitorAlive else {
                return try holding(records.dropFirst(), body)
            }
            return try context.changingNetworks(of: first) { () throws(Problem) in
                try holding(records.dropFirst(), body)
            }
        }
    }

    /// Changes the row, and then the containers, which the caller holds.
    ///
    /// - Returns: the network as it is now; nil when it has a container that is not held.
    private func update(
        _ network: NetworkRecord, _ change: NetworkUpdate, for held: [ContainerRecord]
    ) throws(Problem) -> NetworkRecord? {
        let pair = try context.database.write { database throws(Problem) -> NetworkPair? in
            // Whoever comes after this transaction reads the new row.
            let now = try database.endpoints(ofNetwork: network.id).map(\.container)
            guard Set(now).isSubset(of: held.map(\.id)) else { return nil }
            let old = try database.network(network.id)
            let new = try old.updated(by: change)
            try database.update(new)
            return NetworkPair(old: old, new: new)
        }
        guard let pair else { return nil }
        context.plan?.note(.update(pair.new), by: .engine)
        do throws(Problem) {
            for record in held { try context.apply(to: record) }
        } catch {
            // Best effort: the first error counts.
            try? context.database.write { database throws(Problem) in
                try database.update(pair.old)
            }
            for record in held { try? context.apply(to: record) }
            throw error
        }
        return pair.new
    }
}

/// A network before and after a change.
private struct NetworkPair {
    let old: NetworkRecord
    let new: NetworkRecord
}

extension NetworkRecord {
    /// The network after a change.
    func updated(by change: NetworkUpdate) throws(Problem) -> NetworkRecord {
        guard hasNames else { throw hasNoNames }
        try Self.check(change.addedServers, of: name)
        var definition = definition
        for server in change.droppedServers {
            guard definition.nameServers.contains(server) else { throw doesNotAsk(server) }
            definition.nameServers.removeAll { $0 == server }
        }
        for server in change.addedServers where !definition.nameServers.contains(server) {
            definition.nameServers.append(server)
        }
        return NetworkRecord(id: id, name: name, created: created, definition: definition)
    }

    /// Refuses name servers that no container can ask.
    static func check(_ servers: [IPAddress], of network: String) throws(Problem) {
        for server in servers where server.isLoopback || server.isUnspecified {
            throw Problem(
                kind: .invalid, what: "cannot have name server \(server) on network \(network)",
                why: "name servers of networks are asked from inside of containers, where that is "
                    + "the container itself",
                fix: "name an address that containers reach; without any, the host's own name "
                    + "servers are asked, those on its loopback too")
        }
    }

    private var hasNoNames: Problem {
        Problem(
            kind: .unsupported, what: "cannot change the name servers of network \(name)",
            why: "it has no name server of its own: "
                + (isPredefined
                    ? "names are those of networks that are made by network create"
                    : "networks of driver \(definition.driver.rawValue) bring their own"),
            fix: "kade run --dns names the servers of one container")
    }

    private func doesNotAsk(_ server: IPAddress) -> Problem {
        let servers = definition.nameServers.map { "\($0)" }.joined(separator: ", ")
        return Problem(
            kind: .notFound, what: "cannot drop name server \(server) of network \(name)",
            why: servers.isEmpty
                ? "the network names no servers, so that the host's are asked"
                : "the network's servers are \(servers)",
            fix: "kade network inspect \(name) shows them")
    }
}
