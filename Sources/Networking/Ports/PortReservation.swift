package import Diagnostics
import Linux
import SystemPackage

/// Ports of the host that nobody else gets: a socket holds each while a container publishes it.
///
/// No connection ever arrives at these sockets, because the rules lead it to the container first.
/// They make the kernel say whether a port is free, choose one where any will do, and show to
/// others (`ss`) that it is taken. They go with the process.
package struct PortReservation: ~Copyable {
    private var held: [HeldPorts] = []

    /// What one spec has taken.
    private struct HeldPorts {
        let spec: PortSpec
        let sockets: [Int32]
        var ports: [PublishedPort]
    }

    package init() {}

    deinit {
        for socket in held.flatMap(\.sockets) { _ = OwnedFD(adopting: socket) }
    }

    /// The ports as they are, in the order of what was asked.
    package var ports: [PublishedPort] { held.flatMap(\.ports) }

    /// Gives the ports of a spec back.
    package mutating func release(_ spec: PortSpec) {
        for socket in held.filter({ $0.spec == spec }).flatMap(\.sockets) {
            _ = OwnedFD(adopting: socket)
        }
        held.removeAll { $0.spec == spec }
    }

    /// Leads all ports to other addresses; those of versions without one lead nowhere.
    package mutating func redirect(to addresses: [IPVersion: IPAddress]) {
        for index in held.indices {
            held[index].ports = held[index].ports.compactMap { port in
                guard let address = addresses[port.hostAddress.version] else { return nil }
                var port = port
                port.address = address
                return port
            }
        }
    }

    /// Takes a port, in the network namespace of the process.
    ///
    /// - Parameters:
    ///   - spec: what was asked.
    ///   - addresses: the container's, by version; versions that it has none of are left out.
    /// - Throws: ``Problem`` of kind `conflict` that names the process that has the port.
    package mutating func take(
        _ spec: PortSpec, for addresses: [IPVersion: IPAddress]
    ) throws(Problem) {
        let wanted: [IPAddress] =
            spec.hostAddress.map { [$0] } ?? [.v4(.unspecified), .v6(.unspecified)]
        let possible = wanted.filter { addresses[$0.version] != nil }
        guard !possible.isEmpty else {
            throw Problem(
                kind: .unsupported, what: "cannot publish port \(spec.container)",
                why: "the container has no address of the version of \(wanted[0])",
                fix: "give its network a subnet of that version: kade network create --ipv6")
        }
        var refusal: Problem?
        // Of a range, and of all ports, any that is free will do.
        for port in spec.hostPorts.map(Array.init) ?? [UInt16](repeating: 0, count: 16) {
            do throws(Problem) {
                try take(spec, on: possible, port: port, for: addresses)
                return
            } catch {
                guard error.kind == .conflict else { throw error }
                refusal = error
            }
        }
        guard let hostPorts = spec.hostPorts, hostPorts.count > 1 else {
            throw refusal
                ?? Problem(
                    kind: .exhausted, what: "cannot publish port \(spec.container)",
                    why: "the kernel has no free port left")
        }
        throw Problem(
            kind: .conflict, what: "cannot publish port \(spec.container)",
            why: "none of the ports \(hostPorts.lowerBound)-\(hostPorts.upperBound) is free",
            fix: "publish another range")
    }

    private mutating func take(
        _ spec: PortSpec, on hosts: [IPAddress], port: UInt16, for addresses: [IPVersion: IPAddress]
    ) throws(Problem) {
        var port = port
        var sockets: [Int32] = []
        do throws(Problem) {
            for host in hosts {
                guard let socket = try Self.hold(spec.transport, host, port) else {
                    guard port != 0 else {
                        throw Problem(
                            kind: .unsupported, what: "cannot publish port \(spec.container)",
                            why: "this kernel has no \(spec.transport.rawValue) that could choose",
                            fix: "name the host's port: -p 5000:\(spec.container)")
                    }
                    continue
                }
                port = try explaining("cannot learn which port was chosen") {
                    () throws(SystemCallError) in try BoundSocket.port(of: socket)
                }
                sockets.append(socket.release())
            }
        } catch {
            for socket in sockets { _ = OwnedFD(adopting: socket) }
            throw error
        }
        let ports = hosts.compactMap { host in
            addresses[host.version].map { address in
                PublishedPort(
                    transport: spec.transport, hostAddress: host, hostPort: port,
                    address: address, port: spec.containerPort)
            }
        }
        held.append(HeldPorts(spec: spec, sockets: sockets, ports: ports))
    }

    /// Holds a port; nil where the kernel does not know the protocol, which then has no users here.
    private static func hold(
        _ transport: Transport, _ host: IPAddress, _ port: UInt16
    ) throws(Problem) -> OwnedFD? {
        do throws(SystemCallError) {
            let kind: BoundSocket.Kind =
                switch transport {
                case .tcp: .stream
                case .udp: .datagrams
                case .sctp: .sctp
                }
            // Nobody listens: who comes past the rules, to ::1 or after a flush, hears that at once.
            let socket = try bind(kind, transport, host, port)
            if kind == .datagrams { try BoundSocket.keepLittle(socket) }
            return socket
        } catch {
            let name = host.version == .v6 ? "[\(host)]:\(port)" : "\(host):\(port)"
            let what = "cannot publish port \(port)/\(transport.rawValue)"
            switch error.errno {
            case .addressInUse:
                let holder = PortHolder.find(transport, port)
                throw Problem(
                    kind: .conflict, what: what,
                    why: "Bind for \(name) failed: port is already allocated"
                        + (holder.map { ": \($0) has it" } ?? ""),
                    fix: "stop that, or publish another port: -p \(port &+ 1):…", cause: error)
            case .addressNotAvailable:
                throw Problem(
                    kind: .invalid, what: what, why: "the host has no address \(host)",
                    fix: "ip address shows those that it has", cause: error)
            case .permissionDenied, .notPermitted:
                throw Problem(
                    kind: .denied, what: what,
                    why: "ordinary users have the ports from \(firstUnprivilegedPort) on",
                    fix: "publish one of those, or have root say"
                        + " sysctl net.ipv4.ip_unprivileged_port_start=\(port)", cause: error)
            case .protocolNotSupported, .socketTypeNotSupported, .addressFamilyNotSupported:
                return nil
            default: throw Problem(what: what, refusal: error)
            }
        }
    }

    /// The lowest port that needs no rights.
    private static var firstUnprivilegedPort: String {
        // Without the file the kernel has its default.
        let text = try? File.readText("/proc/sys/net/ipv4/ip_unprivileged_port_start")
        return text?.split { $0 == "\n" }.first.map { String($0) } ?? "1024"
    }

    private static func bind(
        _ kind: BoundSocket.Kind, _ transport: Transport, _ host: IPAddress, _ port: UInt16
    ) throws(SystemCallError) -> OwnedFD {
        do throws(SystemCallError) {
            return try BoundSocket.bound(kind, to: host.bytes, port: port, reusing: false)
        } catch  where error.errno == .addressInUse && kind == .stream && port != 0 {
            // Where nobody has it, these are connections that are about to end; only a socket that
            // listens keeps others out then.
            guard PortHolder.find(transport, port) == nil else { throw error }
            let socket = try BoundSocket.bound(kind, to: host.bytes, port: port, reusing: true)
            try BoundSocket.listen(socket, backlog: 0)
            return socket
        }
    }
}
