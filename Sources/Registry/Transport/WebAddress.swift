/// An http or https address, in the parts that a registry client decides by.
///
/// Foundation's `URL` would cost the program its start time; registries need only this much of
/// RFC 3986.
package struct WebAddress: Sendable, Equatable {
    /// How to speak to the host.
    package var scheme: Scheme
    /// The host as written in an address: IPv6 literals keep their brackets.
    package var host: String
    /// The port, when it is not the scheme's own.
    package var port: Int?
    /// Path and query, beginning with a slash.
    package var target: String
    /// The socket of this machine that stands in the place of host and port; nil is the network.
    ///
    /// No text is read as such an address, so that no registry and no Dockerfile leads to one.
    private(set) package var socket: String?

    /// The two schemes that registries use.
    package enum Scheme: String, Sendable {
        case http
        case https
    }

    package init(scheme: Scheme, host: String, port: Int? = nil, target: String = "/") {
        self.scheme = scheme
        self.host = host
        self.port = port == scheme.defaultPort ? nil : port
        self.target = target
    }

    /// An address at a socket of this machine, which speaks http.
    package init(socket: String, target: String) {
        self.init(scheme: .http, host: "localhost", target: target)
        self.socket = socket
    }

    /// Reads an absolute address; nil when it is not one of http or https.
    package init?(_ text: String) {
        guard let colon = text.range(of: "://") else { return nil }
        guard let scheme = Scheme(rawValue: text[..<colon.lowerBound].lowercased()) else {
            return nil
        }
        let rest = text[colon.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let authority = rest[..<end].split(
            separator: "@", omittingEmptySubsequences: false)  // user information is dropped
        guard let hostAndPort = authority.last,
            let (host, port) = Self.hostAndPort(of: hostAndPort)
        else { return nil }
        self.init(
            scheme: scheme, host: host, port: port, target: Self.target(of: rest[end...]))
    }

    /// The address a `Location` header names, seen from this one (RFC 3986, section 5).
    package func resolving(_ location: String) -> WebAddress? {
        if location.contains("://") { return WebAddress(location) }
        if location.hasPrefix("//") { return WebAddress("\(scheme.rawValue):\(location)") }
        var next = self
        if location.hasPrefix("/") || location.hasPrefix("?") {
            let path = location.hasPrefix("?") ? pathWithoutQuery : ""
            next.target = path + Self.withoutFragment(location)
            return next
        }
        let path = pathWithoutQuery
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
        next.target = folder + Self.withoutFragment(location)
        return next
    }

    /// The port that a connection goes to.
    package var effectivePort: Int { port ?? scheme.defaultPort }

    /// Whether both addresses are of one scheme, host and port, so that secrets may follow.
    package func hasSameOrigin(as other: WebAddress) -> Bool {
        scheme == other.scheme && host.lowercased() == other.host.lowercased()
            && effectivePort == other.effectivePort && socket == other.socket
    }

    /// The host with its port where one is written: "registry.example:5000"; or the socket.
    package var authority: String { socket ?? port.map { "\(host):\($0)" } ?? host }

    private var pathWithoutQuery: String {
        String(target.prefix { $0 != "?" })
    }

    private static func hostAndPort(of text: Substring) -> (String, Int?)? {
        guard !text.isEmpty else { return nil }
        let afterHost: Substring
        let host: Substring
        if text.hasPrefix("[") {
            guard let bracket = text.firstIndex(of: "]") else { return nil }
            host = text[...bracket]
            afterHost = text[text.index(after: bracket)...]
        } else {
            host = text.prefix { $0 != ":" }
            afterHost = text[host.endIndex...]
        }
        guard !host.isEmpty else { return nil }
        if afterHost.isEmpty { return (String(host), nil) }
        guard afterHost.hasPrefix(":"), let port = UInt16(afterHost.dropFirst()) else { return nil }
        return (String(host), Int(port))
    }

    private static func target(of text: Substring) -> String {
        let target = withoutFragment(text)
        return target.hasPrefix("/") ? target : "/" + target
    }

    private static func withoutFragment(_ text: some StringProtocol) -> String {
        String(text.prefix { $0 != "#" })
    }
}

extension WebAddress.Scheme {
    /// The port that is meant when an address names none.
    package var defaultPort: Int {
        switch self {
        case .http: 80
        case .https: 443
        }
    }
}

extension WebAddress: CustomStringConvertible {
    /// The address as the HTTP client takes it.
    package var description: String {
        guard let socket else { return "\(scheme.rawValue)://\(authority)\(target)" }
        return "http+unix://\(socket.escapedForQuery)\(target)"
    }
}

extension String {
    /// The text as a value in a query: everything but RFC 3986's unreserved characters escaped.
    package var escapedForQuery: String {
        var escaped = ""
        for byte in utf8 {
            switch UInt8(byte) {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                escaped += hex.utf8.count == 1 ? "%0\(hex)" : "%\(hex)"
            }
        }
        return escaped
    }

    /// The range of the first occurrence of a short text.
    fileprivate func range(of needle: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) {
                return start..<index(start, offsetBy: needle.count)
            }
            start = index(after: start)
        }
        return nil
    }
}
