import Glibc
package import Linux
import SystemPackage

extension RouteSocket {
    /// Opens one in another network namespace, and stays outside.
    ///
    /// A child enters it and hands over what it opens: root of a user namespace could not come back.
    ///
    /// - Parameter namespace: the namespace, which this process has open.
    /// - Returns: the connection.
    /// - Throws: EACCES when the child cannot get there.
    package static func opened(
        in namespace: borrowing OwnedFD
    ) throws(SystemCallError) -> RouteSocket {
        let pair = try SocketPair(.packets)
        switch try clone([], intoCgroup: nil) {
        case .child: return hand(namespace, to: pair.second)
        case .parent(let child):
            let socket = pair.split { first, _ in first }
            _ = try child.wait()
            var message = try socket.receiveMessage(upToBytes: 1)
            guard let descriptor = message.descriptor.take() else {
                throw SystemCallError(
                    call: "setns", subject: "a network namespace", errno: .permissionDenied)
            }
            return RouteSocket(adopting: descriptor)
        }
    }

    /// What the child does.
    ///
    /// It never returns; its type lets the caller forget that.
    private static func hand(
        _ namespace: borrowing OwnedFD, to parent: borrowing OwnedFD
    ) -> RouteSocket {
        do throws(SystemCallError) {
            try Namespaces.enter(namespace, .network)
            let inside = try RouteSocket()
            try parent.send([0], descriptors: [inside.socket.descriptor])
            withExtendedLifetime(inside) {}  // its number is sent, not it
        } catch {
            _exit(1)  // the parent hears of nothing
        }
        _exit(0)
    }
}
