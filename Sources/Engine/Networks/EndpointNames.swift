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

extension NetworkRecord {
    /// Whether containers on it find each other by name: on all networks but the default bridge.
    var hasNames: Bool {
        switch definition.driver {
        case .bridge: name != "bridge"
        case .macvlan, .ipvlan: true
        case .host, .null: false
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
    /// How the container's name server answers; nil where no network of it has names.
    func nameConfiguration(
        on endpoints: [EndpointRecord], in configuration: EngineConfiguration
    ) -> NameConfiguration? {
        guard endpoints.contains(where: \.hasNames) else { return nil }
        var options = ResolverFile()
        options.options = request.network.resolverOptions
        return NameConfiguration(
            directory: configuration.namesDirectory.string,
            servers: request.network.nameServers,
            asksHost: endpoints.contains { !$0.network.definition.isInternal },
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
        let networks: [DirectoryEntry]
        do throws(SystemCallError) {
            networks = try Directory.list(root)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return
        } catch {
            throw Problem(what: "cannot list \(root)", refusal: error)
        }
        for network in networks {
            try NameDirectory(root: root).withdraw(id, from: network.name.string)
        }
    }
}
