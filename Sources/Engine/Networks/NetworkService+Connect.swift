import ContainerRuntime
package import Diagnostics
import Linux
import Networking
import SystemPackage

/// Connecting and disconnecting, of containers that run too.
extension NetworkService {
    /// Connects a container to one more network.
    package func connect(
        _ name: String, container containerName: String, _ attachment: NetworkAttachment
    ) throws(Problem) {
        try context.makePredefinedNetworks()
        let record = try context.record(of: containerName)
        try context.withLock(on: record.id) { () throws(Problem) in
            try Self.checkHasOwnNetwork(record, connectingTo: name)
            let endpoint = try context.changingNetworks(of: record) { () throws(Problem) in
                try addEndpoint(name, to: record, attachment)
            }
            context.tell(.connect, of: .network, endpoint.network, ["container": record.id])
        }
    }

    private func addEndpoint(
        _ name: String, to record: ContainerRecord, _ attachment: NetworkAttachment
    ) throws(Problem) -> EndpointRecord {
        let endpoint = try context.database.write { database throws(Problem) in
            let network = try database.network(name)
            let others = try database.endpoints(ofContainer: record.id)
            guard !others.contains(where: { $0.network.id == network.id }) else {
                throw Problem(
                    kind: .conflict, what: "cannot connect container \(record.name)",
                    why: "endpoint with name \(record.name) already exists in network "
                        + network.name)
            }
            return try database.lease(
                attachment, on: network, to: record.id, position: others.freePosition)
        }
        context.plan?.note(.insert(endpoint), by: .engine)
        do throws(Problem) {
            try context.apply(to: record)
        } catch {
            // Best effort: the first error counts, and a monitor that failed half-way is told
            // again with the next change.
            try? context.database.write { database throws(Problem) in
                try database.delete(endpoint)
            }
            throw error
        }
        return endpoint
    }

    /// Takes a container off a network.
    ///
    /// - Parameters:
    ///   - name: the network.
    ///   - containerName: the container.
    ///   - force: a container that is not there is no error, and plugins that refuse to take back what
    ///     they have done keep nobody.
    /// - Returns: what may be left of it where plugins refuse, in a sentence; nil where nothing is.
    /// - Throws: what keeps the container on the network.
    package func disconnect(
        _ name: String, container containerName: String, force: Bool
    ) throws(Problem) -> String? {
        try context.makePredefinedNetworks()
        let record: ContainerRecord
        do throws(Problem) {
            record = try context.record(of: containerName)
        } catch  where force && error.kind == .notFound {
            return nil  // its endpoints went with it
        }
        return try context.withLock(on: record.id) { () throws(Problem) -> String? in
            if try context.forgetLost(name, of: context.record(of: record.id)) { return nil }
            var refusal: Problem?
            let endpoint = try context.changingNetworks(of: record) { () throws(Problem) in
                do throws(Problem) {
                    return try removeEndpoint(name, of: record, forGood: false)
                } catch {
                    guard force, try context.isOnPluginNetwork(name, record) else { throw error }
                    refusal = error
                }
                return try removeEndpoint(name, of: record, forGood: true)
            }
            // Of a container that has ended there may be something that its monitor had to leave.
            if force, refusal == nil, endpoint.network.definition.driver == .cni {
                refusal = context.leavePluginNetworkForGood(endpoint.network.id, of: record.id)
            }
            context.tell(.disconnect, of: .network, endpoint.network, ["container": record.id])
            return refusal.map {
                "container \(record.name) is disconnected, and something of it may be left where "
                    + "network \(endpoint.network.name) is: an address, a device, rules of the "
                    + "firewall: \($0.why)"
            }
        }
    }

    private func removeEndpoint(
        _ name: String, of record: ContainerRecord, forGood: Bool
    ) throws(Problem) -> EndpointRecord {
        let endpoint = try context.database.write { database throws(Problem) in
            let network = try database.network(name)
            let all = try database.endpoints(ofContainer: record.id)
            guard let endpoint = all.first(where: { $0.network.id == network.id }) else {
                throw Problem(
                    kind: .notFound, what: "cannot disconnect container \(record.name)",
                    why: "container \(record.id) is not connected to network \(network.name)")
            }
            try database.delete(endpoint)
            return endpoint
        }
        context.plan?.note(.delete(endpoint), by: .engine)
        do throws(Problem) {
            try context.apply(to: record, abandoning: forGood ? endpoint.network.id : nil)
        } catch {
            // Best effort: the first error counts.
            try? context.database.write { database throws(Problem) in
                try database.insert(endpoint)
            }
            throw error
        }
        return endpoint
    }

    private static func checkHasOwnNetwork(
        _ record: ContainerRecord, connectingTo name: String
    ) throws(Problem) {
        let mode = record.request.networkMode
        guard
            mode == "none" || record.request.network.pasta != nil
                || record.request.namespaces.network != .isolated
        else { return }
        throw Problem(
            kind: .denied, what: "cannot connect container \(record.name) to network \(name)",
            why: "container cannot be connected to multiple networks with one of the networks in "
                + "\(mode) mode",
            fix: "make the container anew, with --network \(name)")
    }
}

extension EngineContext {
    /// Whether a container is on a network of plugins.
    fileprivate func isOnPluginNetwork(
        _ name: String, _ record: ContainerRecord
    ) throws(Problem) -> Bool {
        try database.read { database throws(Problem) in
            let network = try database.network(name)
            let endpoints = try database.endpoints(ofContainer: record.id)
            return network.definition.driver == .cni
                && endpoints.contains { $0.network.id == network.id }
        }
    }

    /// Makes the networks of a container that runs what its rows say; the caller holds its lock.
    func apply(to record: ContainerRecord) throws(Problem) {
        try apply(to: record, abandoning: nil)
    }

    /// The same, where the container leaves a network whatever the plugins say.
    fileprivate func apply(
        to record: ContainerRecord, abandoning abandoned: String?
    ) throws(Problem) {
        let status = try status(of: record)
        guard status.truth.isMonitorAlive else { return }
        let endpoints = try endpoints(of: record)
        var steps = StepRecorder(for: configuration)
        try prepareHost(for: endpoints.map(\.network), recording: &steps)
        let file = configuration.bundle(of: record.id).network
        let old = try currentSetup(at: file)
        var new = try networkSetup(of: record, endpoints, keeping: old)
        new.abandoned = abandoned.map { [$0] } ?? []
        try write(new, to: file)
        do throws(Problem) {
            try changeNetworks(of: record, from: old, to: new)
        } catch {
            // Best effort: the first error counts.
            try? write(old, to: file)
            throw error
        }
        // Plugins have chosen addresses and name servers meanwhile.
        let connected = try self.endpoints(of: record)
        let changesPlugins =
            old.links.filter(\.isByPlugins).map(\.network)
            != new.links.filter(\.isByPlugins).map(\.network)
        try rewriteNetworkFiles(
            of: record, connected,
            changesResolver: old.resolverKind != new.resolverKind || changesPlugins)
    }

    /// Has the monitor read what was written, and waits until it has done that.
    private func changeNetworks(
        of record: ContainerRecord, from old: NetworkSetup, to new: NetworkSetup
    ) throws(Problem) {
        let socket = configuration.monitorSocket(of: record.id)
        if let plan {
            plan.note(.tellMonitor(socket), by: .engine)
            for step in new.explanations(after: old) { plan.note(step, by: .monitor) }
            return
        }
        let session = try ContainerSession(
            connectingTo: socket, containerID: record.id)
        try session.send(ClientMessage.changeNetwork)
        while let event = try session.receive() {
            switch event {
            case .networkChanged: return
            case .failed(let problem): throw problem
            case .exited: return  // it has no networks any more
            case .started, .output, .error, .checked: continue
            }
        }
    }

    private func currentSetup(at file: FilePath) throws(Problem) -> NetworkSetup {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try File.read(file)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return NetworkSetup(links: [], ports: [])
        } catch {
            throw Problem(what: "cannot read \(file)", refusal: error)
        }
        return try NetworkSetup(bytes, named: file.string)
    }
}

extension NetworkSetup {
    /// 0 without a name server of the container's own, 1 with one, 2 where that knows containers.
    fileprivate var resolverKind: Int {
        names == nil ? 0 : links.contains { !$0.names.isEmpty } ? 2 : 1
    }
}

extension ContainerLink {
    fileprivate var isByPlugins: Bool { if case .cni = attachment { true } else { false } }
}
