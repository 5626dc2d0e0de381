import Diagnostics
import Linux
import Networking

/// Networks that are removed while containers that do not run have a place on them, as Docker
/// allows it: such a container starts again when there is a network of the name.
extension EngineContext {
    /// Takes containers that do not run off a network, of which they remember what they asked.
    ///
    /// - Throws: `.conflict` when a container on it runs; nothing has changed then.
    func leave(_ network: NetworkRecord) throws(Problem) {
        let records = try database.read { database throws(Problem) in
            var records: [ContainerRecord] = []
            for endpoint in try database.endpoints(ofNetwork: network.id) {
                guard let record = try database.container(id: endpoint.container) else { continue }
                records.append(record)
            }
            return records
        }
        var running: [String] = []
        for record in records where try settledStatus(of: record, restarting: false).isActive {
            running.append(record.name)
        }
        guard running.isEmpty else { throw network.isInUse(by: running) }
        for record in records {
            try withLock(on: record.id) { () throws(Problem) in
                guard try !status(of: record).isActive else {
                    throw network.isInUse(by: [record.name])
                }
                try lose(network, of: record.id)
            }
        }
    }

    /// Refuses while an instruction of a build runs on a network; what a killed build has left goes.
    func checkNoBuild(is steps: [String], on network: NetworkRecord) throws(Problem) {
        for step in steps {
            let lock = configuration.bundle(of: step).lock
            guard File.exists(lock) else { continue }
            let isFree = try explaining("cannot look for a build on network \(network.name)") {
                () throws(SystemCallError) in try FileLock.ifFree(lock, .exclusive) != nil
            }
            guard isFree else { throw network.isInUse(by: ["an instruction of a build"]) }
        }
    }

    private func lose(_ network: NetworkRecord, of id: String) throws(Problem) {
        forget()
        try database.write { database throws(Problem) in
            guard var record = try database.container(id: id),
                let endpoint = try database.endpoints(ofContainer: id).first(where: {
                    $0.network.id == network.id
                })
            else { return }
            var attachment = endpoint.attachment
            attachment.network = network.name
            record.request.network.lost.append(attachment)
            try database.update(record)
            try database.delete(endpoint)
        }
    }

    /// Gives a container places on the networks that it has lost, where there are such again; the
    /// caller holds its lock.
    ///
    /// - Throws: `.notFound` when there is none of the name.
    func returnToNetworks(_ record: ContainerRecord) throws(Problem) {
        guard !record.request.network.lost.isEmpty else { return }
        try database.write { database throws(Problem) in
            for attachment in record.request.network.lost {
                guard let network = try database.network(named: attachment.network) else {
                    throw Problem(
                        kind: .notFound, what: "cannot start container \(record.name)",
                        why: "network \(attachment.network) not found: it was removed",
                        fix: "make one: kade network create \(attachment.network); or do without: "
                            + "kade network disconnect \(attachment.network) \(record.name)")
                }
                let others = try database.endpoints(ofContainer: record.id)
                _ = try database.lease(
                    attachment, on: network, to: record.id, position: others.freePosition)
            }
            var returned = record
            returned.request.network.lost = []
            try database.update(returned)
        }
    }

    /// Forgets that a container had a place on a network that is gone.
    ///
    /// - Returns: whether it had.
    func forgetLost(_ name: String, of record: ContainerRecord) throws(Problem) -> Bool {
        var record = record
        guard record.request.network.lost.contains(where: { $0.network == name }) else {
            return false
        }
        record.request.network.lost.removeAll { $0.network == name }
        forget()
        try database.write { database throws(Problem) in try database.update(record) }
        return true
    }
}

extension [EndpointRecord] {
    /// The lowest number that no device of the container has.
    var freePosition: Int {
        (0...count).first { number in !contains { $0.position == number } } ?? count
    }
}

extension NetworkRecord {
    /// Says who keeps it from being removed.
    func isInUse(by names: [String]) -> Problem {
        Problem(
            kind: .conflict, what: "cannot remove network \(name)",
            why: "network \(name) has active endpoints: " + names.joined(separator: ", "),
            fix: "stop these containers, or disconnect them: kade network disconnect \(name) "
                + "CONTAINER")
    }
}

extension ContainerStatus {
    /// Whether the container has its networks now.
    fileprivate var isActive: Bool { state.isAlive || truth.isMonitorAlive }
}
