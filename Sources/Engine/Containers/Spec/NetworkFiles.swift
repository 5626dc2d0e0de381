/// The text of a container's `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf`.
enum NetworkFiles {
    /// `/etc/hosts` of a container with its own network.
    ///
    /// The name stands for the container's addresses, or for one of its own where it has none.
    static func hosts(
        hostname: String, domainName: String?, addresses: [String], extraHosts: [String]
    ) -> String {
        let lines = [
            "127.0.0.1\tlocalhost", "::1\tlocalhost ip6-localhost ip6-loopback",
            "fe00::\tip6-localnet", "ff00::\tip6-mcastprefix", "ff02::1\tip6-allnodes",
            "ff02::2\tip6-allrouters",
        ]
        let names = (domainName.map { "\(hostname).\($0) " } ?? "") + hostname
        let own = (addresses.isEmpty ? ["127.0.1.1"] : addresses).map { "\($0)\t\(names)" }
        return (lines + own + extra(extraHosts)).map { $0 + "\n" }.joined()
    }

    /// The host's file with the request's additions, for a container that shares its network.
    static func hosts(sharing text: String, extraHosts: [String]) -> String {
        let separator = text.isEmpty || text.hasSuffix("\n") ? "" : "\n"
        return text + separator + extra(extraHosts).map { $0 + "\n" }.joined()
    }

    /// `name:address` of `--add-host`, also with `=` and with an IPv6 address in brackets.
    private static func extra(_ hosts: [String]) -> [String] {
        hosts.compactMap { host in
            guard let index = host.firstIndex(where: { $0 == ":" || $0 == "=" }) else { return nil }
            var address = host[host.index(after: index)...]
            if address.hasPrefix("["), address.hasSuffix("]") {
                address = address.dropFirst().dropLast()
            }
            return "\(address)\t\(host[..<index])"
        }
    }

    /// `/etc/resolv.conf`: the host's, with the parts replaced that the request names.
    ///
    /// Name servers on the host's loopback are left out unless the network is the host's: nobody
    /// answers there inside the container.
    static func resolver(
        host text: String, request: NetworkRequest, sharesNetwork: Bool
    ) -> String {
        var servers: [String] = []
        var search: [String] = []
        var options: [String] = []
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count > 1 else { continue }
            switch words[0] {
            case "nameserver": servers.append(words[1])
            case "search", "domain": search = Array(words.dropFirst())
            case "options": options += words.dropFirst()
            default: continue
            }
        }
        if !sharesNetwork { servers.removeAll { $0.hasPrefix("127.") || $0 == "::1" } }
        if !request.nameServers.isEmpty { servers = request.nameServers }
        if !request.searchDomains.isEmpty {
            search = request.searchDomains == ["."] ? [] : request.searchDomains
        }
        if !request.resolverOptions.isEmpty { options = request.resolverOptions }
        var lines = servers.map { "nameserver \($0)" }
        if !search.isEmpty { lines.append("search " + search.joined(separator: " ")) }
        if !options.isEmpty { lines.append("options " + options.joined(separator: " ")) }
        return lines.map { $0 + "\n" }.joined()
    }
}
