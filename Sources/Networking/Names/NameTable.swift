import Linux

/// Who is who on a container's networks, and what it answers to a question.
package struct NameTable {
    private var setup: NetworkSetup
    private let directory: NameDirectory
    private var known: [String: Known] = [:]

    /// What was read of a network's names.
    private struct Known {
        var changed: FileTime?
        var records: [NameRecord]
    }

    /// How a question goes.
    package enum Resolution: Sendable, Equatable {
        /// It is about a container; no records where it has none of that type.
        case records([NameResponse.Record])
        /// Nobody knows the name.
        case noSuchName
        /// Others are asked, the first one first.
        case others([NameUpstream])
    }

    package init(_ setup: NetworkSetup, in directory: NameDirectory) {
        self.setup = setup
        self.directory = directory
    }

    /// Decides about a question.
    ///
    /// - Parameters:
    ///   - query: the question.
    ///   - host: the text of the host's `/etc/resolv.conf`, where it is needed.
    /// - Returns: what is known, or who is asked.
    package mutating func resolve(
        _ query: NameQuery, host: () -> String
    ) -> Resolution {
        guard let name = query.name, query.recordClass == 1 || query.recordClass == 255 else {
            return others(host)
        }
        if let address = ReverseName.address(query.labels) {
            if let names = pointers(to: address) {
                return .records(query.wants(12) ? names.map { .pointer($0) } : [])
            }
            // What is on the container's own networks is nobody else's business.
            guard !isOnOwnNetwork(address) else { return .noSuchName }
            return others(host)
        }
        if let addresses = addresses(of: name) {
            let wanted = addresses.filter { query.wants($0.version == .v4 ? 1 : 28) }
            return .records(wanted.map { .address($0) })
        }
        if !name.utf8.contains(UInt8(ascii: ".")), setup.names?.keepsSingleWords == true,
            query.isAboutAddresses
        {
            return .noSuchName
        }
        return others(host)
    }

    /// The addresses of a container's name, in another order each time; nil where nobody has it.
    private mutating func addresses(of name: String) -> [IPAddress]? {
        var found: [IPAddress] = []
        var isKnown = false
        for link in setup.links where !link.names.isEmpty {
            var wanted = link.aliases[name] ?? name
            let ending = "." + link.networkName.lowercased()
            if wanted.hasSuffix(ending) {
                let short = String(wanted.dropLast(ending.count))
                wanted = link.aliases[short] ?? short
            }
            for record in records(on: link.network)
            where record.names.contains(wanted) && record.isAlive {
                isKnown = true
                found += record.addresses.filter { !found.contains($0) }
            }
        }
        guard isKnown else { return nil }
        guard found.count > 1 else { return found }
        let first = Int(Random.bytes(1)[0]) % found.count
        return Array(found[first...] + found[..<first])
    }

    /// The names of an address: `web.front`; nil where no container has it.
    private mutating func pointers(to address: IPAddress) -> [String]? {
        for link in setup.links where !link.names.isEmpty {
            let record = records(on: link.network).first {
                $0.addresses.contains(address) && $0.isAlive
            }
            guard let name = record?.names.first else { continue }
            return ["\(name).\(link.networkName)"]
        }
        return nil
    }

    private func isOnOwnNetwork(_ address: IPAddress) -> Bool {
        setup.links.contains { link in
            link.addresses.contains { $0.subnet.contains(address) }
        }
    }

    private mutating func records(on network: String) -> [NameRecord] {
        let changed = directory.changed(network)
        if let known = known[network], let changed, known.changed == changed {
            return known.records
        }
        // Without an answer nobody is known, and the next question tries again.
        let records = (try? directory.records(on: network)) ?? []
        // Another change within the same tick of the clock would leave the same time.
        let isSettled = changed.map { $0 < FileTime.now(less: 100) } ?? false
        known[network] = isSettled ? Known(changed: changed, records: records) : nil
        return records
    }

    private func others(_ host: () -> String) -> Resolution {
        guard let names = setup.names else { return .noSuchName }
        let own = names.servers.compactMap { NameUpstream($0, isInside: true) }
        if !own.isEmpty { return .others(own) }
        guard names.asksHost else { return .noSuchName }
        return .others(
            ResolverFile(host()).servers.compactMap { NameUpstream($0, isInside: false) })
    }
}

extension NameQuery {
    /// Whether records of a type answer it; 255 asks for all.
    fileprivate func wants(_ type: UInt16) -> Bool { self.type == type || self.type == 255 }

    /// Whether it asks for addresses: `A` or `AAAA`.
    fileprivate var isAboutAddresses: Bool { type == 1 || type == 28 }
}

/// Names of addresses: `2.0.9.10.in-addr.arpa` (RFC 1035, section 3.5; RFC 3596, section 2.5).
package enum ReverseName {
    /// The address that a name stands for; nil for any other name.
    package static func address(_ labels: [[UInt8]]) -> IPAddress? {
        guard labels.count > 2, labels[labels.count - 1] == Array("arpa".utf8) else { return nil }
        let parts = labels.dropLast(2).reversed().map { String(decoding: $0, as: UTF8.self) }
        switch String(decoding: labels[labels.count - 2], as: UTF8.self) {
        case "in-addr":
            return IPv4Address(parts.joined(separator: ".")).map { .v4($0) }
        case "ip6":
            guard parts.count == 32 else { return nil }
            var bits: UInt128 = 0
            for part in parts {
                guard part.utf8.count == 1, let digit = UInt8(part, radix: 16) else { return nil }
                bits = bits << 4 | UInt128(digit)
            }
            return .v6(IPv6Address(bits: bits))
        default: return nil
        }
    }
}

extension FileTime {
    fileprivate static func < (left: FileTime, right: FileTime) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// The moment so many milliseconds ago.
    fileprivate static func now(less milliseconds: Int64) -> FileTime {
        let now = realTimeInNanoseconds() - milliseconds * 1_000_000
        return FileTime(seconds: now / 1_000_000_000, nanoseconds: now % 1_000_000_000)
    }
}
