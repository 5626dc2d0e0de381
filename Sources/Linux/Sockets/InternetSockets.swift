import Glibc
import SystemPackage

/// Connections to addresses of the network namespace that the process is in (`tcp(7)`).
package enum TCPConnection {
    /// Connects, and waits for it.
    ///
    /// The system call is `connect(2)`.
    /// - Parameters:
    ///   - address: of IPv4 or IPv6, as text; `EINVAL` for anything else.
    ///   - port: the port.
    /// - Returns: the socket.
    /// - Throws: the kernel's refusal.
    package static func open(
        to address: String, port: UInt16
    ) throws(SystemCallError) -> OwnedFD {
        try InternetSocket.connect(CInt(SOCK_STREAM.rawValue), to: address, port: port)
    }
}

/// Datagrams to an address (`udp(7)`).
package enum UDPSocket {
    /// Makes a socket whose datagrams go to one address.
    ///
    /// The system call is `connect(2)`.
    /// - Parameters:
    ///   - address: of IPv4 or IPv6, as text; `EINVAL` for anything else.
    ///   - port: the port.
    /// - Returns: the socket.
    /// - Throws: the kernel's refusal.
    package static func open(
        to address: String, port: UInt16
    ) throws(SystemCallError) -> OwnedFD {
        try InternetSocket.connect(CInt(SOCK_DGRAM.rawValue), to: address, port: port)
    }
}

private enum InternetSocket {
    static func connect(
        _ kind: CInt, to address: String, port: UInt16
    ) throws(SystemCallError) -> OwnedFD {
        var v4 = sockaddr_in()
        if inet_pton(AF_INET, address, &v4.sin_addr) == 1 {
            v4.sin_family = sa_family_t(AF_INET)
            v4.sin_port = port.bigEndian
            return try connect(kind, &v4, AF_INET, "\(address):\(port)")
        }
        var v6 = sockaddr_in6()
        guard inet_pton(AF_INET6, address, &v6.sin6_addr) == 1 else {
            throw SystemCallError(call: "connect", subject: address, errno: .invalidArgument)
        }
        v6.sin6_family = sa_family_t(AF_INET6)
        v6.sin6_port = port.bigEndian
        return try connect(kind, &v6, AF_INET6, "[\(address)]:\(port)")
    }

    private static func connect<Address>(
        _ kind: CInt, _ address: inout Address, _ family: CInt, _ name: String
    ) throws(SystemCallError) -> OwnedFD {
        let type = kind | CInt(SOCK_CLOEXEC.rawValue)
        let made = OwnedFD(
            adopting: try kernel("socket", name) { socket(family, type, 0) })
        let descriptor = made.rawValue
        try kernel("connect", name) {
            withUnsafeBytes(of: &address) {
                Glibc.connect(
                    descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress,
                    socklen_t($0.count))
            }
        }
        return made
    }
}
