import Diagnostics
import Linux
import Networking
import SystemPackage

/// What containers find each other by, as Docker has it: the name, aliases, the short ID and the
/// host name; on the default bridge nothing.
extension EndpointRecord {
    /// Whether the network answers for names.
    var hasNames: Bool { network.hasNames }

    /// What others on the network find the container by.
    func names(of record: ContainerRecord) -> [String] {
        guard hasNames else { return [] }
        var names: [String] = []
        let all =
            [record.name] + attachment.aliases
            + [String(record.id.prefix(12)), record.request.network.hostname].compactMap(\.self)
        for name in all where !names.contains(name) { names.append(name) }
        return names
    }

    /// `--link`: what the container itself calls others on the network.
    var linkedNames: [String: String] {
        guard hasNames else { return [:] }
        var names: [String: String] = [:]
        for link in attachment.links.map({ ContainerLinkRequest($0) }) {
            names[link.alias.lowercased()] = link.container.lowercased()
        }
        return names
    }
}

extension [EndpointRecord] {
    /// Those whom the networks name, in the networks' order.
    fileprivate var nameServers: [String] {
        var servers: [String] = []
        for server in flatMap(\.network.definition.nameServers).map({ "\($0)" })
        where !servers.contains(server) {
            servers.append(server)
        }
        return servers
    }
}

extension NetworkRecord {
    /// Whether containers on it find each other by name: on all networks but the default bridge.
    var hasNames: Bool {
        switch definition.driver {
        case .bridge: name != "bridge"
        case .macvlan, .ipvlan: true
        // Their own plugins may give them some.
        case .cni, .host, .null: false
        }
    }
}

/// `--link CONTAINER[:ALIAS]`.
struct ContainerLinkRequest {
    let container: String
    let alias: String

    init(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        container = parts.first ?? ""
        alias = parts.count > 1 ? parts[1] : container
    }
}

extension ContainerRecord {
    /// Who answers the container's questions about names.
    ///
    /// - Parameters:
    ///   - endpoints: its places on networks.
    ///   - host: the text of the host's `/etc/resolv.conf`.
    /// - Returns: where its `/etc/resolv.conf` leads.
    func nameSource(
        on endpoints: [EndpointRecord], host: String
    ) -> NetworkFiles.NameSource {
        if request.namespaces.network == .host { return .host }
        if endpoints.contains(where: \.hasNames) { return .containers }
        let servers = ResolverFile(host).servers
        let isForHostAlone = !servers.isEmpty && servers.allSatisfy(NetworkFiles.isLoopback)
        let reachesHost = endpoints.contains { !$0.network.definition.isInternal }
        return isForHostAlone && reachesHost && request.network.nameServers.isEmpty
            ? .forwarder : .network
    }

    /// How the container's name server answers; nil where it has none.
    func nameConfiguration(
        on endpoints: [EndpointRecord], host: String, in configuration: EngineConfiguration,
        isRootless: Bool
    ) -> NameConfiguration? {
        switch nameSource(on: endpoints, host: host) {
        case .host, .network: return nil
        case .containers, .forwarder: break
        }
        var options = ResolverFile()
        options.options = request.network.resolverOptions
        let asksHost = endpoints.contains { !$0.network.definition.isInternal }
        var servers = request.network.nameServers
        if servers.isEmpty { servers = endpoints.nameServers }
        // Root of a user namespace asks from inside alone; pasta leads it to the host's server.
        if servers.isEmpty, isRootless, asksHost, !ResolverFile(host).servers.isEmpty {
            servers = [PastaSetup.nameServer]
        }
        return NameConfiguration(
            directory: configuration.namesDirectory.string, servers: servers, asksHost: asksHost,
            keepsSingleWords: (options.dots ?? 0) > 0)
    }
}

extension EngineConfiguration {
    /// What containers that run are called: ``NameDirectory``.
    var namesDirectory: FilePath { runRoot.appending("names") }
}

extension EngineContext {
    /// Takes back what a killed monitor has left of its container's names.
    func withdrawNames(of id: String) throws(Problem) {
        let root = configuration.namesDirectory
        for network in try entriesIfPresent(of: root) {
            try NameDirectory(root: root).withdraw(id, from: network.name.string)
        }
    }
}
