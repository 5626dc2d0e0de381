/// The lines of `/etc/resolv.conf` (`resolv.conf(5)`).
package struct ResolverFile: Sendable, Equatable {
    package var servers: [String] = []
    package var search: [String] = []
    package var options: [String] = []

    package init() {}

    /// Reads a file's text; what is not known is passed over, as the C library does.
    package init(_ text: String) {
        for line in text.split(whereSeparator: { $0 == "\n" }) {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
                .map { String($0) }
            guard words.count > 1 else { continue }
            switch words[0] {
            case "nameserver": servers.append(words[1])
            case "search", "domain": search = Array(words.dropFirst())
            case "options": options += words.dropFirst()
            default: continue
            }
        }
    }

    /// The file's text.
    package var text: String {
        var lines = servers.map { "nameserver \($0)" }
        if !search.isEmpty { lines.append("search " + search.joined(separator: " ")) }
        if !options.isEmpty { lines.append("options " + options.joined(separator: " ")) }
        return lines.map { $0 + "\n" }.joined()
    }

    /// How many dots a name needs to be asked about as it is, where the options say so.
    package var dots: Int? {
        options.last { $0.hasPrefix("ndots:") }.flatMap { Int($0.dropFirst(6)) }
    }
}

/// A name server that others run, and where to ask it from.
package struct NameUpstream: Sendable, Equatable {
    package var address: IPAddress
    /// The device of a link-local address.
    package var device: String?
    /// Whether it is asked from inside the container's network.
    package var isInside: Bool

    /// Reads an address, perhaps with `%device`; nil for anything else.
    package init?(_ text: String, isInside: Bool) {
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "%" }
        guard let address = IPAddress(parts[0]) else { return nil }
        self.address = address
        device = parts.count > 1 ? String(parts[1]) : nil
        self.isInside = isInside
    }
}
