import Diagnostics
import Linux
import OCI
package import SystemPackage

/// What a monitor does around the plugins of its container's CNI networks.
package struct CNISetup: Sendable, Equatable {
    /// Where the container's ``CNIRecord``s are.
    package var records: FilePath
    /// The container's `/etc/hosts`, which gets its addresses.
    package var hosts: FilePath
    /// What the container calls itself.
    package var hostNames: [String]
    /// Lines of `/etc/hosts` that give the same name to others (`--add-host`), and stay.
    package var keptHosts: [String] = []
    /// The container's `/etc/resolv.conf`, which gets the networks' name servers.
    package var resolver: FilePath
    /// The parts of it that nobody has asked to be something else.
    package var resolverParts: ResolverParts

    package init(
        records: FilePath, hosts: FilePath, hostNames: [String], resolver: FilePath,
        resolverParts: ResolverParts
    ) {
        self.records = records
        self.hosts = hosts
        self.hostNames = hostNames
        self.resolver = resolver
        self.resolverParts = resolverParts
    }

    /// Parts of `/etc/resolv.conf`.
    package struct ResolverParts: OptionSet, Sendable {
        package let rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        package static let servers = ResolverParts(rawValue: 1)
        package static let search = ResolverParts(rawValue: 2)
        package static let options = ResolverParts(rawValue: 4)
    }

    /// Writes into the container's files what its networks have given it.
    ///
    /// - Parameters:
    ///   - results: what plugins have given it, in the order of its networks.
    ///   - others: its addresses on other networks.
    /// - Throws: what keeps them from being written.
    func completeFiles(
        with results: [CNIResult], besides others: [IPAddress]
    ) throws(Problem) {
        try explaining("cannot write the container's network files") {
            () throws(SystemCallError) in
            let text = try File.readText(hosts)
            let addresses = others + results.flatMap(\.addresses).map(\.address)
            try File.write(hosts, Self.hosts(text, hostNames, keeping: keptHosts, addresses))
            let before = ResolverFile(try File.readText(resolver))
            let after = before.replacing(resolverParts, by: results.map(\.resolver))
            if after != before { try File.write(resolver, after.text) }
        }
    }

    /// The text of `/etc/hosts` with the container's addresses, in the place of those that it had.
    ///
    /// - Parameters:
    ///   - text: the text before.
    ///   - names: what the container calls itself.
    ///   - kept: lines about these names that are not the container's own.
    ///   - addresses: the container's.
    /// - Returns: the text.
    package static func hosts(
        _ text: String, _ names: [String], keeping kept: [String], _ addresses: [IPAddress]
    ) -> String {
        let suffix = "\t" + names.joined(separator: " ")
        let own = (addresses.isEmpty ? ["127.0.1.1"] : addresses.map { "\($0)" }).map {
            $0 + suffix
        }
        var lines: [String] = []
        var place: Int?
        for line in text.split(whereSeparator: { $0 == "\n" }).map(String.init) {
            if line.hasSuffix(suffix), !kept.contains(line) {
                place = place ?? lines.count
            } else {
                lines.append(line)
            }
        }
        lines.insert(contentsOf: own, at: place ?? lines.count)
        return lines.map { "\($0)\n" }.joined()
    }
}

extension File {
    /// Writes a file that is bound into a container, and therefore stays the same file.
    fileprivate static func write(_ path: FilePath, _ text: String) throws(SystemCallError) {
        try create(
            path, content: Array(text.utf8), permissions: FilePermissions(rawValue: 0o644))
    }
}

extension ResolverFile {
    /// The file with what networks say of parts of it; the first that says something counts.
    package func replacing(
        _ parts: CNISetup.ResolverParts, by networks: [ResolverFile]
    ) -> ResolverFile {
        var file = self
        if parts.contains(.servers), let from = networks.first(where: { !$0.servers.isEmpty }) {
            file.servers = from.servers
        }
        if parts.contains(.search), let from = networks.first(where: { !$0.search.isEmpty }) {
            file.search = from.search
        }
        if parts.contains(.options), let from = networks.first(where: { !$0.options.isEmpty }) {
            file.options = from.options
        }
        return file
    }
}

extension CNISetup {
    init?(_ json: JSONValue) {
        guard let records = json["records"]?.string, let hosts = json["hosts"]?.string,
            let resolver = json["resolver"]?.string
        else { return nil }
        self.init(
            records: FilePath(records), hosts: FilePath(hosts),
            hostNames: (json["hostNames"]?.array ?? []).compactMap(\.string),
            resolver: FilePath(resolver),
            resolverParts: ResolverParts(rawValue: json["resolverParts"]?.int ?? 0))
        keptHosts = (json["keptHosts"]?.array ?? []).compactMap(\.string)
    }

    var json: JSONValue {
        [
            "records": .string(records.string), "hosts": .string(hosts.string),
            "hostNames": .array(hostNames.map { .string($0) }),
            "keptHosts": .array(keptHosts.map { .string($0) }),
            "resolver": .string(resolver.string),
            "resolverParts": .number(JSONNumber(resolverParts.rawValue)),
        ]
    }
}
