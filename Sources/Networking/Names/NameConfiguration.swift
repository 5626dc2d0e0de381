import OCI

/// How a container's name server answers: a part of `network.json`.
package struct NameConfiguration: Sendable, Equatable {
    /// Where the files of names are (``NameDirectory``).
    package var directory: String
    /// `--dns`: who is asked about other names, from inside the container's network; empty takes
    /// those of the host's `/etc/resolv.conf`, from the host's.
    package var servers: [String]
    /// Whether the host's servers may be asked: not when all of the container's networks are
    /// internal.
    package var asksHost: Bool
    /// Whether the container asks with its search domains first (`ndots` above 0), so that a single
    /// word is nothing to ask others about.
    package var keepsSingleWords: Bool

    package init(directory: String, servers: [String], asksHost: Bool, keepsSingleWords: Bool) {
        self.directory = directory
        self.servers = servers
        self.asksHost = asksHost
        self.keepsSingleWords = keepsSingleWords
    }

    /// Reads what ``json`` wrote.
    init?(_ json: JSONValue) {
        guard let directory = json["directory"]?.string else { return nil }
        self.init(
            directory: directory, servers: (json["servers"]?.array ?? []).compactMap(\.string),
            asksHost: json["asksHost"]?.bool ?? false,
            keepsSingleWords: json["keepsSingleWords"]?.bool ?? false)
    }

    var json: JSONValue {
        [
            "directory": .string(directory), "servers": .array(servers.map { .string($0) }),
            "asksHost": .bool(asksHost), "keepsSingleWords": .bool(keepsSingleWords),
        ]
    }
}

/// Where a container finds its name server.
package enum NameServerAddress {
    /// The address inside, which is Docker's.
    package static let inside = IPv4Address(bits: 0x7f00_000b)  // 127.0.0.11
    package static let port: UInt16 = 53
}
