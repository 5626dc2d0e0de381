import ContainerRuntime
package import Diagnostics
import Linux
import Networking
package import OCI

/// Networks: making, listing and removing them, and connecting containers while they run.
package struct NetworkService: Sendable {
    let context: EngineContext

    init(context: EngineContext) {
        self.context = context
    }

    /// Makes a network.
    ///
    /// What the definition leaves open is chosen: subnets that nobody has, and their gateways.
    ///
    /// - Returns: its ID.
    package func create(
        _ name: String, _ definition: NetworkDefinition
    ) throws(Problem) -> String {
        let isRootless = try context.isRootless()
        try Self.check(name: name)
        try definition.checkOptions(of: name)
        try NetworkRecord.check(definition.nameServers, of: name)
        if isRootless { try definition.checkOptionsOfUser(of: name) }
        try context.makePredefinedNetworks()
        var facts = try HostNetworks.facts()
        if isRootless { facts.deviceNames = try context.bridgeNames() }
        let network = try context.database.write { database throws(Problem) in
            let completed = try definition.completed(
                named: name, besides: try database.networks(), on: facts)
            let network = NetworkRecord(
                id: Random.hexadecimal(bytes: 32), name: name, created: .now,
                definition: completed)
            try database.insert(network)
            return network
        }
        context.plan?.note(.insert(network), by: .engine)
        // A user's bridges are there while containers use them.
        if !isRootless { try prepareHost(for: network) }
        context.tell(.create, of: .network, network)
        return network.id
    }

    private func prepareHost(for network: NetworkRecord) throws(Problem) {
        do throws(Problem) {
            var steps = StepRecorder(for: context.configuration)
            try context.prepareHost(for: [network], recording: &steps)
        } catch {
            // Best effort: the first error counts.
            try? context.database.write { database throws(Problem) in
                try database.delete(network: network)
            }
            throw error
        }
    }

    private static func check(name: String) throws(Problem) {
        let isValid =
            name.utf8.first.map { $0 != 0x2d && $0 != 0x2e && $0 != 0x5f } == true
            && name.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
                    || "_.-".unicodeScalars.contains($0)
            }
        guard isValid else {
            throw Problem(
                kind: .invalid, what: "cannot make network \(name)",
                why: "invalid network name: only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
        }
        guard !NetworkRecord.predefinedNames.contains(name), name != "default" else {
            throw Problem(
                kind: .denied, what: "cannot make network \(name)",
                why: "operation is not permitted on predefined \(name) network",
                fix: "choose another name")
        }
    }

    /// Networks that match all filters, by name.
    package func list(_ filter: NetworkFilter) throws(Problem) -> [NetworkSummary] {
        try context.makePredefinedNetworks()
        return try context.database.read { database throws(Problem) in
            let used = Set(
                try database.endpointsByContainer().values.joined().map(\.network.id))
            var summaries: [NetworkSummary] = []
            for network in try database.networks()
            where try filter.matches(network, isUsed: used.contains(network.id)) {
                summaries.append(NetworkSummary(network))
            }
            return summaries
        }
    }

    /// A network in the shape of `docker network inspect`.
    package func inspect(_ name: String) throws(Problem) -> JSONValue {
        try context.makePredefinedNetworks()
        let (network, endpoints) = try context.database.read { database throws(Problem) in
            let network = try database.network(name)
            var endpoints: [(EndpointRecord, ContainerRecord)] = []
            for endpoint in try database.endpoints(ofNetwork: network.id) {
                guard let record = try database.container(id: endpoint.container) else { continue }
                endpoints.append((endpoint, record))
            }
            return (network, endpoints)
        }
        var containers = JSONObject()
        for (endpoint, record) in endpoints where try context.status(of: record).state.isAlive {
            containers.append(
                record.id, try context.withResult(endpoint).containerJSON(named: record.name))
        }
        var json: JSONObject = [
            "Name": .string(network.name), "Id": .string(network.id),
            "Created": .string(network.created.rfc3339), "Scope": "local",
        ]
        let definition = network.definition.json
        for name in ["Driver", "EnableIPv4", "EnableIPv6", "IPAM", "Internal", "Attachable"] {
            json.append(name, definition[name] ?? .null)
        }
        json.append("Ingress", false)
        json.append("ConfigFrom", ["Network": ""])
        json.append("ConfigOnly", false)
        json.append("Containers", .object(containers))
        for name in ["Options", "Labels"] { json.append(name, definition[name] ?? .null) }
        json.append(NetworkDefinition.serversName, network.definition.serversJSON)
        return .object(json)
    }

    /// Removes a network that no running container is on.
    package func remove(_ name: String) throws(Problem) {
        try context.makePredefinedNetworks()
        let network = try context.database.read { database throws(Problem) in
            try database.network(name)
        }
        guard !network.isPredefined else {
            throw Problem(
                kind: .denied, what: "cannot remove network \(network.name)",
                why: "\(network.name) is a pre-defined network and cannot be removed")
        }
        guard network.definition.driver != .cni else {
            throw Problem(
                kind: .denied, what: "cannot remove network \(network.name)",
                why: "it is not Kade's, but that of the file "
                    + (network.definition.options["file"] ?? ""),
                fix: "remove the file, and the network is gone")
        }
        try context.leave(network)
        try context.database.write { database throws(Problem) in
            try context.checkNoBuild(is: database.steps(ofNetwork: network.id), on: network)
            try database.delete(network: network)
        }
        context.plan?.note(.delete(network), by: .engine)
        try context.removeFromHost(network)
        try NameDirectory(root: context.configuration.namesDirectory).remove(network.id)
        context.tell(.destroy, of: .network, network)
    }

    /// Removes all networks that no container is on, and that match all filters.
    ///
    /// Without a filter plugins of CNI are asked to clean up, too.
    ///
    /// - Returns: their names, and why plugins refuse.
    package func prune(_ filter: NetworkFilter) throws(Problem) -> PrunedNetworks {
        let isWhole = filter.conditions.isEmpty && filter.createdBefore == nil
        var filter = filter
        filter.conditions += [("dangling", "true"), ("type", "custom")]
        var removed: [String] = []
        for network in try list(filter) where network.driver != NetworkDriver.cni.rawValue {
            do throws(Problem) {
                try remove(network.id)
                removed.append(network.name)
            } catch  where error.kind == .conflict || error.kind == .notFound {
                continue  // a container came by, or another command was faster
            }
        }
        return PrunedNetworks(
            names: removed, problems: isWhole ? try context.collectPluginGarbage() : [])
    }
}

extension EngineContext {
    /// Tells of something that happened to a network.
    func tell(
        _ action: Event.Action, of kind: Event.Kind, _ network: NetworkRecord,
        _ attributes: [String: String] = [:]
    ) {
        tell(
            action, of: kind, network.id,
            ["name": network.name, "type": network.definition.driver.rawValue]
                .merging(attributes) { $1 })
    }
}

/// What a prune of networks has done.
package struct PrunedNetworks: Sendable {
    /// The networks that are gone.
    package let names: [String]
    /// What plugins of CNI refuse to clean up.
    package let problems: [Problem]
}

/// One line of `network ls`.
package struct NetworkSummary: Sendable {
    package let id: String
    package let name: String
    package let driver: String
    package let created: Timestamp
    package let hasIPv4: Bool
    package let hasIPv6: Bool
    package let isInternal: Bool
    package let labels: [String: String]

    init(_ network: NetworkRecord) {
        let definition = network.definition
        self.init(
            id: network.id, name: network.name, driver: definition.driver.rawValue,
            created: network.created, hasIPv4: definition.hasIPv4, hasIPv6: definition.hasIPv6,
            isInternal: definition.isInternal, labels: definition.labels)
    }

    package init(
        id: String, name: String, driver: String, created: Timestamp, hasIPv4: Bool, hasIPv6: Bool,
        isInternal: Bool, labels: [String: String]
    ) {
        self.id = id
        self.name = name
        self.driver = driver
        self.created = created
        self.hasIPv4 = hasIPv4
        self.hasIPv6 = hasIPv6
        self.isInternal = isInternal
        self.labels = labels
    }
}

extension EndpointRecord {
    /// A member of `Containers` of `network inspect`.
    fileprivate func containerJSON(named name: String) -> JSONValue {
        [
            "Name": .string(name), "EndpointID": .string(id),
            "MacAddress": .string(deviceAddress.map { "\($0)" } ?? ""),
            "IPv4Address": .string(address(.v4).map { "\($0)" } ?? ""),
            "IPv6Address": .string(address(.v6).map { "\($0)" } ?? ""),
        ]
    }
}
