import Networking

/// The text of a container's `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf`.
enum NetworkFiles {
    /// A line of `/etc/hosts`.
    struct Host: Equatable {
        var address: String
        var names: [String]

        var line: String { "\(address)\t\(names.joined(separator: " "))" }
    }

    /// `/etc/hosts` of a container with its own network.
    ///
    /// The name stands for the container's addresses, or for one of its own where it has none.
    static func hosts(
        hostname: String, domainName: String?, addresses: [String], others: [Host]
    ) -> String {
        let lines = [
            "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback",
            "fe00::\tip6-localnet", "ff00::\tip6-mcastprefix", "ff02::1\tip6-allnodes",
            "ff02::2\tip6-allrouters",
        ]
        let names = (domainName.map { ["\(hostname).\($0)"] } ?? []) + [hostname]
        let own = (addresses.isEmpty ? ["127.0.1.1"] : addresses).map {
            Host(address: $0, names: names)
        }
        return lines.map { $0 + "\n" }.joined() + text(own + others)
    }

    /// The host's file with others added, for a container that shares its network.
    static func hosts(sharing text: String, others: [Host]) -> String {
        terminated(text) + Self.text(others)
    }

    /// A text that more lines can follow.
    static func terminated(_ text: String) -> String {
        text.isEmpty || text.hasSuffix("\n") ? text : text + "\n"
    }

    private static func text(_ hosts: [Host]) -> String {
        hosts.map { "\($0.line)\n" }.joined()
    }

    /// `name:address` of `--add-host`, also with `=` and with an IPv6 address in brackets.
    ///
    /// - Parameters:
    ///   - hosts: what was asked.
    ///   - gateways: the addresses that `host-gateway` stands for.
    /// - Returns: the lines; nil where `host-gateway` stands for nothing.
    static func extra(_ hosts: [String], gateways: [String]) -> [Host]? {
        var lines: [Host] = []
        for host in hosts {
            guard let index = host.firstIndex(where: { $0 == ":" || $0 == "=" }) else { continue }
            let name = String(host[..<index])
            var address = host[host.index(after: index)...]
            if address == hostGateway {
                if gateways.isEmpty { return nil }
                lines += gateways.map { Host(address: $0, names: [name]) }
                continue
            }
            if address.hasPrefix("["), address.hasSuffix("]") {
                address = address.dropFirst().dropLast()
            }
            lines.append(Host(address: String(address), names: [name]))
        }
        return lines
    }

    /// What `--add-host` calls the host's own address on the container's network.
    static let hostGateway = "host-gateway"

    /// Who answers a container's questions about names.
    enum NameSource {
        /// Those whom the host asks, over the host's network.
        case host
        /// The same, over a network of the container's own, where nobody listens on the loopback.
        case network
        /// The container's own name server, which knows the containers of its networks.
        case containers
        /// The same without any names: it asks those whom the host asks on its loopback.
        case forwarder
    }

    /// Whether a name server answers on the host alone.
    static func isLoopback(_ server: String) -> Bool {
        server.hasPrefix("127.") || server == "::1"
    }

    /// `/etc/resolv.conf`: the host's, with the parts replaced that the container's networks name,
    /// and before them the request.
    ///
    /// - Parameters:
    ///   - text: the host's.
    ///   - request: what was asked.
    ///   - source: who answers.
    ///   - networks: what plugins of networks say, in their order.
    /// - Returns: the text.
    static func resolver(
        host text: String, request: NetworkRequest, asking source: NameSource,
        networks: [ResolverFile]
    ) -> String {
        var file = ResolverFile(text)
        let hasServers = !file.servers.isEmpty
        if source != .host { file.servers.removeAll(where: isLoopback) }
        // Whichever server the host has, pasta leads there what is asked at this address.
        if request.pasta != nil, hasServers { file.servers.insert(PastaSetup.nameServer, at: 0) }
        let given = source == .containers || source == .host ? [] : networks
        file = file.replacing([.servers, .search, .options], by: given)
        if !request.nameServers.isEmpty { file.servers = request.nameServers }
        if !request.searchDomains.isEmpty {
            file.search = request.searchDomains == ["."] ? [] : request.searchDomains
        }
        if !request.resolverOptions.isEmpty { file.options = request.resolverOptions }
        let hasOther = request.nameServers.isEmpty && given.contains { !$0.servers.isEmpty }
        if source == .containers || (source == .forwarder && !hasOther) {
            file.servers = ["\(NameServerAddress.inside)"]
        }
        // A container's name has no dots, and is asked about as it is.
        if source == .containers, file.dots == nil { file.options.append("ndots:0") }
        return file.text
    }
}
