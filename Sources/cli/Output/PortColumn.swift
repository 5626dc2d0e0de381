import Engine
import Networking

/// The PORTS column of `ps`, as Docker's formatter has it (docker/cli, formatter/container.go).
enum PortColumn {
    /// Ports that are the same on the host come as ranges, then those that differ.
    static func text(of container: ContainerSummary) -> String {
        let published = Set(container.ports.map { TransportPort($0.port, $0.transport) })
        let exposed = container.exposed.filter { !published.contains($0) }
        let same = container.ports.filter { $0.hostPort == $0.port }
        var parts: [String] = []
        let hosts = Dictionary(grouping: same) { "\(host($0.hostAddress))" }
        for (host, ports) in hosts.sorted(by: { $0.key < $1.key }) {
            parts += ranges(of: ports.map { TransportPort($0.port, $0.transport) }).map { range in
                "\(host):\(range.text)->\(range.text)/\(range.transport.rawValue)"
            }
        }
        parts += ranges(of: exposed).map { "\($0.text)/\($0.transport.rawValue)" }
        parts += container.ports.filter { $0.hostPort != $0.port }
            .sorted { ($0.port, host($0.hostAddress)) < ($1.port, host($1.hostAddress)) }
            .map { port in
                "\(host(port.hostAddress)):\(port.hostPort)->\(port.port)/"
                    + port.transport.rawValue
            }
        return parts.joined(separator: ", ")
    }

    /// An address as it stands before a port.
    static func host(_ address: IPAddress) -> String {
        address.version == .v6 ? "[\(address)]" : "\(address)"
    }

    private struct PortRange {
        var first: UInt16
        var last: UInt16
        var transport: Transport
        var text: String { first == last ? "\(first)" : "\(first)-\(last)" }
    }

    /// Neighbouring ports as one.
    private static func ranges(of ports: [TransportPort]) -> [PortRange] {
        var ranges: [PortRange] = []
        let sorted = ports.sorted {
            ($0.transport.rawValue, $0.number) < ($1.transport.rawValue, $1.number)
        }
        for port in sorted {
            if let last = ranges.last, last.transport == port.transport,
                port.number > 0, last.last == port.number - 1
            {
                ranges[ranges.count - 1].last = port.number
            } else {
                ranges.append(
                    PortRange(first: port.number, last: port.number, transport: port.transport))
            }
        }
        return ranges
    }
}
