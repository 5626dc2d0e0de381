import Diagnostics
import Glibc
import Linux
import SystemPackage

/// A new network namespace, and a connection to the kernel within.
struct NewNetwork: ~Copyable {
    let namespace: OwnedFD
    let inside: RouteSocket

    private static let what = "cannot make the container's network namespace"

    private init(namespace: consuming OwnedFD, inside: consuming RouteSocket) {
        self.namespace = namespace
        self.inside = inside
    }

    /// Makes it; the process stays in its own.
    ///
    /// - Parameters:
    ///   - own: the process's own namespace.
    ///   - owner: the file of the user namespace that owns it; nil for the process's.
    /// - Returns: what was made.
    /// - Throws: what the kernel refuses.
    static func make(
        besides own: borrowing OwnedFD, ownedBy owner: FilePath?
    ) throws(Problem) -> NewNetwork {
        // Whoever enters a user namespace does not come back.
        if let owner { return try askChild(in: owner) }
        // Root of a user namespace could not come back to the machine's.
        let canReturn = try explaining(what) { () throws(SystemCallError) in
            try UserNamespace.isInitial()
        }
        return canReturn ? try visit(comingBackTo: own) : try askChild(in: nil)
    }

    private static func visit(
        comingBackTo own: borrowing OwnedFD
    ) throws(Problem) -> NewNetwork {
        let made = try explaining(what) { () throws(SystemCallError) in
            try Namespaces.unshare(.newNetwork)
            return try OwnedFD.open("/proc/self/ns/net", .readOnly)
        }
        let inside = try explaining(what) { () throws(SystemCallError) in try RouteSocket() }
        try explaining(what) { () throws(SystemCallError) in
            try Namespaces.enter(own, .network)
        }
        return NewNetwork(namespace: made, inside: inside)
    }

    /// A child makes it, and hands over what it opens.
    private static func askChild(in owner: FilePath?) throws(Problem) -> NewNetwork {
        let pair = try explaining(what) { () throws(SystemCallError) in try SocketPair(.packets) }
        switch try explaining(
            what, { () throws(SystemCallError) in try clone([], intoCgroup: nil) })
        {
        case .child: return handOver(to: pair.second, from: owner)
        case .parent(let child):
            // The child's end is closed here, so that its silence is heard.
            let socket = pair.split { first, _ in first }
            let namespace = try explaining(what) { () throws(SystemCallError) in
                _ = try child.wait()
                return try receive(from: socket)
            }
            let inside = try explaining(what) { () throws(SystemCallError) in
                try receive(from: socket)
            }
            return NewNetwork(namespace: namespace, inside: RouteSocket(adopting: inside))
        }
    }

    private static func receive(
        from socket: borrowing OwnedFD
    ) throws(SystemCallError) -> OwnedFD {
        var message = try socket.receiveMessage(upToBytes: 1)
        if let descriptor = message.descriptor.take() { return descriptor }
        throw SystemCallError(
            call: "recvmsg", subject: "what the new namespace's process opened",
            errno: .connectionReset)
    }

    /// What the child does.
    ///
    /// It never returns; its type lets the caller forget that.
    private static func handOver(
        to parent: borrowing OwnedFD, from owner: FilePath?
    ) -> NewNetwork {
        do throws(SystemCallError) {
            if let owner { try Namespaces.enter(OwnedFD.open(owner, .readOnly), .user) }
            try Namespaces.unshare(.newNetwork)
            let namespace = try OwnedFD.open("/proc/self/ns/net", .readOnly)
            let inside = try RouteSocket()
            try parent.send([0], descriptors: [namespace.rawValue])
            try parent.send([0], descriptors: [inside.socket.descriptor])
            withExtendedLifetime(namespace) {}  // their numbers are sent, not they
            withExtendedLifetime(inside) {}
        } catch {
            _exit(1)  // the parent hears of nothing
        }
        _exit(0)
    }
}
