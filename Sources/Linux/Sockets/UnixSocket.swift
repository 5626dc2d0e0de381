import CLinux
import Glibc
package import SystemPackage

/// How a local socket carries bytes (`unix(7)`).
package enum SocketKind: Sendable {
    /// `SOCK_STREAM`: bytes without borders.
    case stream
    /// `SOCK_SEQPACKET`: messages, in order, on a connection.
    case packets
    /// `SOCK_DGRAM`: messages without a connection.
    case datagrams

    fileprivate var rawValue: CInt {
        switch self {
        case .stream: clinux_SOCK_STREAM
        case .packets: clinux_SOCK_SEQPACKET
        case .datagrams: clinux_SOCK_DGRAM
        }
    }
}

/// Two sockets that are connected to each other.
package struct SocketPair: ~Copyable, Sendable {
    package let first: OwnedFD
    package let second: OwnedFD

    /// Makes a pair.
    ///
    /// The system call is `socketpair(2)`.
    package init(_ kind: SocketKind) throws(SystemCallError) {
        var ends: (CInt, CInt) = (-1, -1)
        try kernel("socketpair", "AF_UNIX") {
            withUnsafeMutableBytes(of: &ends) {
                clinux_unix_socketpair(
                    kind.rawValue, $0.assumingMemoryBound(to: CInt.self).baseAddress)
            }
        }
        first = OwnedFD(adopting: ends.0)
        second = OwnedFD(adopting: ends.1)
    }

    /// Closes the second end, which another process has.
    package consuming func keepFirst() -> OwnedFD { first }

    /// Gives both ends away.
    package consuming func split<Result: ~Copyable>(
        _ body: (consuming OwnedFD, consuming OwnedFD) -> Result
    ) -> Result {
        body(first, second)
    }
}

/// Local sockets by path.
package enum UnixSocket {
    /// Makes a socket at a path that must be free, and listens on it.
    ///
    /// The system calls are `bind(2)` and `listen(2)`.
    package static func listen(
        at path: FilePath, _ kind: SocketKind, backlog: CInt
    ) throws(SystemCallError) -> OwnedFD {
        let socket = try make(kind)
        let descriptor = socket.rawValue
        try reaching(path) { (address) throws(SystemCallError) in
            try kernel("bind", "\(path)") {
                clinux_unix_bind(descriptor, address, UInt64(address.count))
            }
        }
        try kernel("listen", "\(path)") { clinux_listen(descriptor, backlog) }
        return socket
    }

    /// Makes a socket at a path that must be free, to receive messages without a connection.
    ///
    /// The system call is `bind(2)`.
    package static func receiver(at path: FilePath) throws(SystemCallError) -> OwnedFD {
        let socket = try make(.datagrams)
        let descriptor = socket.rawValue
        try reaching(path) { (address) throws(SystemCallError) in
            try kernel("bind", "\(path)") {
                clinux_unix_bind(descriptor, address, UInt64(address.count))
            }
        }
        return socket
    }

    /// Connects to a socket that has a name of its own name space and no file (`unix(7)`
    /// § "abstract").
    ///
    /// The system call is `connect(2)`.
    package static func connect(
        toAbstract name: String, _ kind: SocketKind
    ) throws(SystemCallError) -> OwnedFD {
        let socket = try make(kind)
        let descriptor = socket.rawValue
        let address = [0] + Array(name.utf8.prefix(addressCapacity))
        try kernel("connect", "@\(name)") {
            clinux_unix_connect(descriptor, address, UInt64(address.count))
        }
        return socket
    }

    /// Connects to the socket at a path.
    ///
    /// The system call is `connect(2)`.
    package static func connect(
        to path: FilePath, _ kind: SocketKind
    ) throws(SystemCallError) -> OwnedFD {
        let socket = try make(kind)
        let descriptor = socket.rawValue
        try reaching(path) { (address) throws(SystemCallError) in
            try kernel("connect", "\(path)") {
                clinux_unix_connect(descriptor, address, UInt64(address.count))
            }
        }
        return socket
    }

    private static func make(_ kind: SocketKind) throws(SystemCallError) -> OwnedFD {
        OwnedFD(adopting: try kernel("socket", "AF_UNIX") { clinux_unix_socket(kind.rawValue) })
    }

    /// Lends a path as the at most 107 bytes that `struct sockaddr_un` holds.
    ///
    /// A longer one is reached through `/proc/self/fd` of its directory.
    private static func reaching(
        _ path: FilePath, _ body: ([UInt8]) throws(SystemCallError) -> Void
    ) throws(SystemCallError) {
        let address = Array(path.string.utf8)
        if address.count <= addressCapacity { return try body(address) }
        guard let name = path.lastComponent else {
            throw SystemCallError(call: "bind", subject: "\(path)", errno: .invalidArgument)
        }
        let parent = path.removingLastComponent()
        let directory = try OwnedFD.open(parent.isEmpty ? "." : parent, [.path, .directory])
        let short = Array(directory.procPath.appending(name).string.utf8)
        guard short.count <= addressCapacity else {
            throw SystemCallError(call: "bind", subject: "\(path)", errno: .fileNameTooLong)
        }
        try body(short)
    }

    /// What `sun_path` holds beside its final 0.
    private static let addressCapacity = 107
}

extension OwnedFD {
    /// Takes the next connection of a listening socket.
    ///
    /// The system call is `accept4(2)`.
    package borrowing func accept() throws(SystemCallError) -> OwnedFD {
        OwnedFD(adopting: try kernel("accept4", "a connection") { clinux_accept(rawValue) })
    }

    /// Says that nothing more will be written, while reading goes on.
    ///
    /// The system call is `shutdown(2)` with `SHUT_WR`.
    package borrowing func shutDownWriting() throws(SystemCallError) {
        try kernel("shutdown", "a socket") { clinux_shutdown(rawValue, 1) }
    }

    /// Ends a socket for all that have it; who waits at it for a connection waits no more.
    ///
    /// The system call is `shutdown(2)` with `SHUT_RDWR`.
    package borrowing func shutDown() throws(SystemCallError) {
        try kernel("shutdown", "a socket") { clinux_shutdown(rawValue, 2) }
    }

    /// Who connected: `SO_PEERCRED` (`unix(7)`).
    package borrowing func peer() throws(SystemCallError) -> SocketPeer {
        var process: CInt = 0
        var (user, group): (UInt32, UInt32) = (0, 0)
        try kernel("getsockopt", "SO_PEERCRED") {
            clinux_peer_credentials(rawValue, &process, &user, &group)
        }
        return SocketPeer(process: process, user: user, group: group)
    }
}

/// The process at the other end of a local socket, as it was when it connected.
package struct SocketPeer: Sendable, Equatable {
    package var process: CInt
    package var user: UInt32
    package var group: UInt32
}
