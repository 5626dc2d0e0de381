import Glibc
import Linux
import SystemPackage

// The name server's sockets where who enters the container's network does not come back.
extension NetworkSandbox {
    /// A child opens them, and hands them over.
    func askChildForNameSockets() throws(SystemCallError) -> NameSockets {
        let pair = try SocketPair(.packets)
        switch try clone([], intoCgroup: nil) {
        case .child: return handOver(to: pair.second)
        case .parent(let child):
            // The child's end is closed here, so that its silence is heard.
            let socket = pair.split { first, _ in first }
            _ = try child.wait()
            return NameSockets(
                datagrams: try Self.receive(from: socket),
                connections: try Self.receive(from: socket))
        }
    }

    /// - Throws: what the child was refused.
    private static func receive(
        from socket: borrowing OwnedFD
    ) throws(SystemCallError) -> OwnedFD {
        var message = try socket.receiveMessage(upToBytes: 1)
        if let descriptor = message.descriptor.take() { return descriptor }
        throw SystemCallError(
            call: "socket", subject: "the name server's",
            errno: message.bytes.first.map { Errno(rawValue: CInt($0)) } ?? .connectionReset)
    }

    /// What the child does.
    ///
    /// It never returns; its type lets the caller forget that.
    private func handOver(to parent: borrowing OwnedFD) -> NameSockets {
        do throws(SystemCallError) {
            try Namespaces.enter(namespace, .network)
            let sockets = try NameSockets.open()
            try parent.send([0], descriptors: [sockets.datagrams.rawValue])
            try parent.send([0], descriptors: [sockets.connections.rawValue])
            withExtendedLifetime(sockets) {}  // their numbers are sent, not they
        } catch {
            // Where that cannot be sent, the parent hears of nothing.
            _ = try? parent.send([UInt8(clamping: error.errno.rawValue)])
            _exit(1)
        }
        _exit(0)
    }
}
