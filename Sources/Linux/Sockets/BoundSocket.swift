import CLinux
import Glibc
import SystemPackage

/// A socket of the internet protocols (`ip(7)`, `ipv6(7)`), in the network namespace that the
/// process was in when it was made.
package enum BoundSocket {
    /// What a socket is for.
    package enum Kind: Sendable {
        /// `SOCK_STREAM`: TCP.
        case stream
        /// `SOCK_DGRAM`: UDP.
        case datagrams
        /// `SOCK_STREAM` of SCTP (`sctp(7)`).
        case sctp
    }

    /// Makes a socket at an address.
    ///
    /// The system calls are `socket(2)` and `bind(2)`. One of version 6 takes no callers of
    /// version 4.
    ///
    /// - Parameters:
    ///   - kind: its protocol.
    ///   - address: 4 or 16 octets in the order of the network.
    ///   - port: 0 lets the kernel choose.
    ///   - isReused: whether connections of whoever had the port before may still be about to end
    ///     (`SO_REUSEADDR`).
    /// - Returns: the socket.
    /// - Throws: EADDRINUSE when somebody has the port.
    package static func bound(
        _ kind: Kind, to address: [UInt8], port: UInt16, reusing isReused: Bool
    ) throws(SystemCallError) -> OwnedFD {
        let isVersion6 = address.count == 16
        let type = kind == .datagrams ? Int32(SOCK_DGRAM.rawValue) : Int32(SOCK_STREAM.rawValue)
        let number: Int32 = kind == .sctp ? 132 : 0
        let socket = OwnedFD(
            adopting: try kernel("socket", isVersion6 ? "AF_INET6" : "AF_INET") {
                Glibc.socket(
                    isVersion6 ? AF_INET6 : AF_INET, type | Int32(SOCK_CLOEXEC.rawValue), number)
            })
        if isVersion6 { try socket.set(IPV6_V6ONLY, of: CInt(IPPROTO_IPV6), to: 1) }
        if isReused {
            try socket.set(SO_REUSEADDR, of: SOL_SOCKET, to: 1)
        }
        let bytes = name(of: address, port: port)
        let descriptor = socket.rawValue
        try kernel("bind", "port \(port)") {
            bytes.withUnsafeBytes { bytes in
                bytes.withMemoryRebound(to: sockaddr.self) {
                    bind(descriptor, $0.baseAddress, socklen_t(bytes.count))
                }
            }
        }
        return socket
    }

    /// Takes connections from now on; the kernel keeps so many that nobody has accepted.
    ///
    /// The system call is `listen(2)`.
    package static func listen(
        _ socket: borrowing OwnedFD, backlog: CInt
    ) throws(SystemCallError) {
        let descriptor = socket.rawValue
        try kernel("listen", "a port") { Glibc.listen(descriptor, backlog) }
    }

    /// Keeps as little as the kernel allows of what nobody reads (`SO_RCVBUF`).
    package static func keepLittle(_ socket: borrowing OwnedFD) throws(SystemCallError) {
        try socket.set(SO_RCVBUF, of: SOL_SOCKET, to: 0)
    }

    /// The port that a socket has.
    ///
    /// The system call is `getsockname(2)`.
    package static func port(of socket: borrowing OwnedFD) throws(SystemCallError) -> UInt16 {
        var bytes = [UInt8](repeating: 0, count: 28)
        var length = socklen_t(bytes.count)
        let descriptor = socket.rawValue
        try kernel("getsockname", "a port") {
            bytes.withUnsafeMutableBytes { bytes in
                bytes.withMemoryRebound(to: sockaddr.self) {
                    getsockname(descriptor, $0.baseAddress, &length)
                }
            }
        }
        return UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }

    /// `struct sockaddr_in` or `struct sockaddr_in6`.
    static func name(of address: [UInt8], port: UInt16) -> [UInt8] {
        let family = UInt16(address.count == 16 ? AF_INET6 : AF_INET)
        var bytes = withUnsafeBytes(of: family) { Array($0) }
        bytes += [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)]
        if address.count == 16 { return bytes + [0, 0, 0, 0] + address + [0, 0, 0, 0] }
        return bytes + address + [UInt8](repeating: 0, count: 8)
    }
}

extension OwnedFD {
    /// The system call is `setsockopt(2)`.
    fileprivate func set(
        _ option: CInt, of level: CInt, to value: CInt
    ) throws(SystemCallError) {
        let descriptor = rawValue
        try kernel("setsockopt", "\(option)") {
            withUnsafePointer(to: value) {
                setsockopt(descriptor, level, option, $0, socklen_t(MemoryLayout<CInt>.size))
            }
        }
    }
}
