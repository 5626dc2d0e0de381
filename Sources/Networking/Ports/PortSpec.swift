package import Diagnostics

/// What `-p` asks: a port of the container, and where on the host it is published.
package struct PortSpec: Sendable, Hashable {
    package var transport: Transport
    package var containerPort: UInt16
    /// nil is every address of the host.
    package var hostAddress: IPAddress?
    /// The host's port, or those of which it may be any; nil lets the engine choose.
    package var hostPorts: ClosedRange<UInt16>?

    package init(
        transport: Transport, containerPort: UInt16, hostAddress: IPAddress?,
        hostPorts: ClosedRange<UInt16>?
    ) {
        self.transport = transport
        self.containerPort = containerPort
        self.hostAddress = hostAddress
        self.hostPorts = hostPorts
    }

    package var container: TransportPort { TransportPort(containerPort, transport) }

    /// Reads `[[ADDRESS:]HOSTPORT[-LAST]:]PORT[-LAST][/PROTOCOL]`, as Docker does.
    ///
    /// Ranges of the same length on both sides are pairs; one port of the container with a range
    /// of the host takes the first that is free.
    package static func parse(_ text: String) throws(Problem) -> [PortSpec] {
        let (ports, transport) = try split(text)
        let ends = try Ends(ports, of: text)
        guard let container = range(ends.container) else {
            throw invalid(text, "invalid containerPort: \(ends.container)")
        }
        var host: ClosedRange<UInt16>?
        if !ends.host.isEmpty {
            guard let range = range(ends.host) else {
                throw invalid(text, "invalid hostPort: \(ends.host)")
            }
            host = range
        }
        if let host, container.count > 1, host.count != container.count {
            throw invalid(
                text,
                "invalid ranges specified for container and host Ports: "
                    + "\(ends.container) and \(ends.host)")
        }
        return container.enumerated().map { index, port in
            var hostPorts = host
            if let host, container.count > 1 {
                let port = host.lowerBound + UInt16(index)
                hostPorts = port...port
            }
            return PortSpec(
                transport: transport, containerPort: port, hostAddress: ends.address,
                hostPorts: hostPorts)
        }
    }

    /// Reads `PORT[-LAST][/PROTOCOL]` (`--expose`).
    package static func parseExposed(_ text: String) throws(Problem) -> [TransportPort] {
        let (ports, transport) = try split(text)
        guard let range = range(ports[...]) else {
            throw Problem(
                kind: .invalid, what: "invalid range format for --expose", why: text,
                fix: "for example 80, 80/udp or 7000-7010")
        }
        return range.map { TransportPort($0, transport) }
    }

    /// Takes the protocol off.
    private static func split(_ text: String) throws(Problem) -> (String, Transport) {
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "/" }
        guard parts.count == 2 else { return (text, .tcp) }
        guard let transport = Transport(rawValue: parts[1].lowercased()) else {
            throw invalid(text, "invalid proto: \(parts[1])")
        }
        return (String(parts[0]), transport)
    }

    private static func range(_ text: Substring) -> ClosedRange<UInt16>? {
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "-" }
        guard parts.count <= 2, parts.allSatisfy({ $0.allSatisfy { "0" <= $0 && $0 <= "9" } }),
            let first = UInt16(parts[0]), let last = UInt16(parts[parts.count - 1]),
            first > 0, first <= last
        else { return nil }
        return first...last
    }

    fileprivate static func invalid(_ text: String, _ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "invalid port mapping \(text)", why: why,
            fix: "for example 8080:80, 127.0.0.1:8080:80, [::1]:8080:80, 53:53/udp or 7000-7010:80")
    }

    /// The parts between the colons.
    private struct Ends {
        var address: IPAddress?
        var host: Substring = ""
        var container: Substring

        init(_ ports: String, of text: String) throws(Problem) {
            var rest = ports[...]
            guard let colon = rest.lastIndex(of: ":") else {
                container = rest
                return
            }
            container = rest[rest.index(after: colon)...]
            rest = rest[..<colon]
            guard let colon = rest.lastIndex(of: ":"), rest.last != "]" else {
                // [::1]:80 or 8080:80: Docker wants a host's port, though maybe an empty one.
                guard rest.first != "[" else {
                    throw invalid(text, "no host port behind the address")
                }
                host = rest
                return
            }
            host = rest[rest.index(after: colon)...]
            var name = rest[..<colon]
            if name.first == "[", name.last == "]" { name = name.dropFirst().dropLast() }
            guard !name.isEmpty else { return }
            guard let address = IPAddress(name) else {
                throw invalid(text, "invalid IP address: \(name)")
            }
            self.address = address
        }
    }
}
