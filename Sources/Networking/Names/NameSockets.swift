package import Diagnostics
package import Linux
import SystemPackage

/// The sockets of a container's name server, inside of its network namespace.
///
/// They have ports that the kernel chose, so that a name server of the container's own can have
/// port 53 of all addresses. Four rules inside write the one number over the other in packets to
/// and from 127.0.0.11; nothing is tracked for that.
package final class NameSockets {
    /// Questions as datagrams.
    package let datagrams: OwnedFD
    /// Connections, which are listened for.
    package let connections: OwnedFD

    init(datagrams: consuming OwnedFD, connections: consuming OwnedFD) {
        self.datagrams = datagrams
        self.connections = connections
    }
}

extension NetworkSandbox {
    /// Opens the name server's sockets.
    package func openNameSockets() throws(Problem) -> NameSockets {
        let start = steps.now
        let what = "cannot prepare the container's name server"
        do throws(SystemCallError) {
            let sockets = try canReturn ? openInside() : askChildForNameSockets()
            steps.note(since: start, .answerNames, .done)
            return sockets
        } catch {
            let problem = Problem(what: what, refusal: error)
            steps.note(since: start, .answerNames, .failed(problem.why))
            throw problem
        }
    }

    /// Opens them from inside the namespace, and comes back.
    private func openInside() throws(SystemCallError) -> NameSockets {
        try Namespaces.enter(namespace, .network)
        let made = Result { () throws(SystemCallError) in try NameSockets.open() }
        try Namespaces.enter(hostNamespace, .network)
        return try made.get()
    }

    /// Opens a socket that is connected to somebody, from inside the namespace.
    package func connect(
        _ kind: BoundSocket.Kind, to address: IPAddress, port: UInt16
    ) throws(SystemCallError) -> OwnedFD {
        try Namespaces.enter(namespace, .network)
        // Whoever cannot come back has nobody to ask outside.
        guard canReturn else {
            return try ReadySocket.connect(kind, to: address.bytes, port: port, over: nil)
        }
        let made: OwnedFD
        do throws(SystemCallError) {
            made = try ReadySocket.connect(kind, to: address.bytes, port: port, over: nil)
        } catch {
            try Namespaces.enter(hostNamespace, .network)
            throw error
        }
        try Namespaces.enter(hostNamespace, .network)
        return made
    }
}

extension NameSockets {
    /// Opens them in the namespace that the process is in, and leads port 53 to them.
    static func open() throws(SystemCallError) -> NameSockets {
        do throws(SystemCallError) {
            let made = try sockets(port: 0)
            try NameRules.add(
                ports: [
                    .udp: BoundSocket.port(of: made.datagrams),
                    .tcp: BoundSocket.port(of: made.connections),
                ])
            return made
        } catch  where error.isMissingFilter {
            // Without nf_tables the port is the one that is asked.
            return try sockets(port: NameServerAddress.port)
        }
    }

    private static func sockets(port: UInt16) throws(SystemCallError) -> NameSockets {
        let address = NameServerAddress.inside.bytes
        let datagrams = try BoundSocket.bound(
            .datagrams, to: address, port: port, reusing: false)
        let connections = try BoundSocket.bound(.stream, to: address, port: port, reusing: true)
        try BoundSocket.listen(connections, backlog: 64)
        try connections.setNonBlocking(true)
        return NameSockets(datagrams: datagrams, connections: connections)
    }
}

/// The rules inside of a container's network namespace that lead port 53 to the name server.
enum NameRules {
    /// Adds them to the namespace that the process is in.
    static func add(ports: [Transport: UInt16]) throws(SystemCallError) {
        var batch = FilterBatch.ofKade
        batch.addTable()
        // Before connection tracking looks at the packet.
        batch.add(FilterChain("names", .init(.filter, .output, priority: -300)))
        for (transport, port) in ports.sorted(by: { $0.value < $1.value }) {
            let called = bytes(NameServerAddress.port)
            // Of `udp` and `tcp` headers: source port, destination port, checksum.
            batch.addRule(
                to: "names",
                packet(transport, addressAt: 16, portAt: 2, called)
                    + change(transport, portAt: 2, to: bytes(port)))
            batch.addRule(
                to: "names",
                packet(transport, addressAt: 12, portAt: 0, bytes(port))
                    + change(transport, portAt: 0, to: called))
        }
        try batch.commit(over: NetlinkSocket(.netfilter), "lead names to the name server")
    }

    /// Packets of the name server's address and a port, on either side.
    private static func packet(
        _ transport: Transport, addressAt offset: UInt32, portAt portOffset: UInt32,
        _ port: [UInt8]
    ) -> [FilterExpression] {
        [
            .meta(.protocolFamily, to: 8), .compare(8, isEqual: true, [IPVersion.v4.family]),
            .payload(.network, offset: offset, length: 4, to: 8),
            .compare(8, isEqual: true, NameServerAddress.inside.bytes),
            .meta(.transport, to: 8), .compare(8, isEqual: true, [transport.number]),
            .payload(.transport, offset: portOffset, length: 2, to: 8),
            .compare(8, isEqual: true, port),
        ]
    }

    private static func change(
        _ transport: Transport, portAt offset: UInt32, to port: [UInt8]
    ) -> [FilterExpression] {
        [
            .load(port, to: 8),
            .write(
                .transport, offset: offset, length: 2, checksum: transport == .udp ? 6 : 16,
                from: 8),
        ]
    }

    private static func bytes(_ port: UInt16) -> [UInt8] {
        [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)]
    }
}

extension SystemCallError {
    /// Whether the kernel has no nf_tables, or not all of it.
    fileprivate var isMissingFilter: Bool {
        switch errno {
        case .protocolNotSupported, .invalidArgument, .notSupported, .noSuchFileOrDirectory: true
        default: false
        }
    }
}
