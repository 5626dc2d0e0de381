/// The proxies that the environment names, with curl's and Go's rules.
///
/// `https_proxy` and `http_proxy` (upper case too) name a proxy for each scheme; `no_proxy` lists
/// hosts that are reached directly: names with their subdomains, addresses, IPv4 networks
/// (10.0.0.0/8), each with an optional port, or `*`. Unlike theirs, an http address goes through a
/// tunnel (CONNECT), too.
package struct ProxySettings: Sendable, Equatable {
    /// The proxy for http addresses.
    package var http: Proxy?
    /// The proxy for https addresses.
    package var https: Proxy?
    /// The hosts that are reached without one.
    package var exceptions: [String]

    /// A proxy as its variable names it.
    package struct Proxy: Sendable, Hashable {
        /// How to speak to the proxy: "http" or "socks5"; others are refused when they are used.
        package var scheme: String
        /// The proxy's host.
        package var host: String
        /// The proxy's port.
        package var port: Int
        /// User name and password, when the address carries them.
        package var credentials: String?
    }

    /// Reads the variables.
    ///
    /// - Parameter environment: looks a variable up.
    package init(environment: (String) -> String?) {
        func variable(_ name: String) -> String? {
            let value = environment(name) ?? environment(name.uppercased())
            return value?.isEmpty == true ? nil : value
        }
        // A CGI program's HTTP_PROXY comes from the client's "Proxy" header.
        let plain =
            environment("REQUEST_METHOD") == nil
            ? variable("http_proxy") : environment("http_proxy")
        http = plain.flatMap(Self.proxy)
        https = variable("https_proxy").flatMap(Self.proxy)
        exceptions = (variable("no_proxy") ?? "").split { $0 == "," || $0 == " " }.map {
            $0.lowercased()
        }
    }

    /// The proxy to reach an address by, if any; loopback is always reached directly.
    package func proxy(for address: WebAddress) -> Proxy? {
        guard !LoopbackHost.contains(address.host), !isException(address) else { return nil }
        return switch address.scheme {
        case .http: http
        case .https: https
        }
    }

    private func isException(_ address: WebAddress) -> Bool {
        let host = address.host.lowercased()
        return exceptions.contains { exception in
            if exception == "*" { return true }
            var pattern = exception
            if let colon = pattern.lastIndex(of: ":"), !pattern.hasSuffix("]"),
                pattern[..<colon].contains(":") == false || pattern.hasPrefix("["),
                let port = Int(pattern[pattern.index(after: colon)...])
            {
                guard port == address.effectivePort else { return false }
                pattern = String(pattern[..<colon])
            }
            if let network = IPv4Network(pattern) { return network.contains(host) }
            let name = pattern.drop { $0 == "." || $0 == "*" }
            return host == name || host == "[\(name)]" || host.hasSuffix("." + name)
        }
    }

    private static func proxy(_ text: String) -> Proxy? {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        let hasScheme = parts.count == 3 && parts[0].hasSuffix(":") && parts[1].isEmpty
        let scheme = hasScheme ? parts[0].dropLast().lowercased() : "http"
        let rest = hasScheme ? String(parts[2]) : text
        guard let address = WebAddress("http://" + rest) else { return nil }
        let authority = rest.prefix { $0 != "/" }
        let credentials = authority.lastIndex(of: "@").map { String(authority[..<$0]) }
        let usualPort = scheme.hasPrefix("socks") ? 1080 : scheme == "https" ? 443 : 80
        return Proxy(
            scheme: scheme, host: address.host, port: address.port ?? usualPort,
            credentials: credentials.map(\.percentDecoded))
    }
}

/// A block of IPv4 addresses: "10.0.0.0/8"; an address alone is a block of one.
private struct IPv4Network {
    private let base: UInt32
    private let mask: UInt32

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let address = parts.first, parts.count <= 2, let base = IPv4.value(of: address) else {
            return nil
        }
        var length = 32
        if parts.count == 2 {
            guard let given = Int(parts[1]), (0...32).contains(given) else { return nil }
            length = given
        }
        mask = length == 0 ? 0 : UInt32.max << UInt32(32 - length)
        self.base = base & mask
    }

    func contains(_ host: String) -> Bool {
        IPv4.value(of: host[...]).map { $0 & mask == base } ?? false
    }
}

/// IPv4 addresses in their dotted form.
enum IPv4 {
    /// The address as a number; nil when the text is not four numbers from 0 to 255.
    static func value(of text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let byte = UInt8(part) else { return nil }
            value = value << 8 | UInt32(byte)
        }
        return value
    }
}

/// The hosts that are this machine: localhost, 127.0.0.0/8 and [::1].
///
/// As with Docker, registries there may speak http and need no trusted certificate.
package enum LoopbackHost {
    /// Whether the host is one of them.
    package static func contains(_ host: String) -> Bool {
        let host = host.lowercased()
        if host == "localhost" || host == "[::1]" || host == "::1" { return true }
        return IPv4.value(of: host).map { $0 >> 24 == 127 } ?? false
    }
}

extension String {
    /// The text with %XX replaced by the byte it stands for.
    fileprivate var percentDecoded: String {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
