/// What `--health-http` asks for, in the container's own network: `http://localhost:8080/health`.
///
/// The monitor has neither a resolver nor TLS: the host is `localhost` or an address.
package struct HealthURL: Sendable, Equatable {
    /// `localhost`, or an address of IPv4 or IPv6 without brackets.
    package var host: String
    package var port: UInt16
    /// The path with the query.
    package var target: String

    /// Reads an address; nil when it is none that can be asked.
    package init?(_ text: String) {
        guard text.hasPrefix("http://") else { return nil }
        let rest = text.dropFirst(7)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let after = rest.dropFirst(authority.count).prefix { $0 != "#" }
        target = after.hasPrefix("/") ? String(after) : "/\(after)"
        let name: Substring
        var number: Substring
        if authority.hasPrefix("[") {
            name = authority.dropFirst().prefix { $0 != "]" }
            number = authority.dropFirst(name.count + 2)
        } else {
            name = authority.prefix { $0 != ":" }
            number = authority.dropFirst(name.count)
        }
        host = String(name)
        if number.isEmpty { number = ":80" }
        guard number.first == ":", let port = UInt16(number.dropFirst()), port > 0,
            host == "localhost" || Self.mayBeAddress(name),
            target.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f })
        else { return nil }
        self.port = port
    }

    /// The address as it is written.
    package var text: String { "http://\(authority)\(target)" }

    /// What a request's `Host` says.
    package var authority: String {
        let isIPv6 = host.utf8.contains(UInt8(ascii: ":"))
        return (isIPv6 ? "[\(host)]" : host) + (port == 80 ? "" : ":\(port)")
    }

    /// The addresses to try, in their order.
    package var addresses: [String] { host == "localhost" ? ["127.0.0.1", "::1"] : [host] }

    private static func mayBeAddress(_ text: Substring) -> Bool {
        let isIPv6 = text.utf8.contains(UInt8(ascii: ":"))
        return !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: ".")
                    || (isIPv6
                        && (byte == UInt8(ascii: ":")
                            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)))
            }
    }
}
