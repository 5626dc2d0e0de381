import Glibc
import SystemPackage

/// A message that came over a socket without a connection, and who sent it.
package struct Datagram: Sendable {
    package let bytes: [UInt8]
    /// `struct sockaddr` of the sender, to answer to.
    package let sender: [UInt8]
}

extension OwnedFD {
    /// Takes the next datagram; nil where none has arrived.
    ///
    /// The system call is `recvfrom(2)` with `MSG_DONTWAIT`.
    package borrowing func nextDatagram(
        upToBytes limit: Int
    ) throws(SystemCallError) -> Datagram? {
        var sender = [UInt8](repeating: 0, count: MemoryLayout<sockaddr_storage>.size)
        var length = socklen_t(sender.count)
        let descriptor = rawValue
        var refusal: SystemCallError?
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            do throws(SystemCallError) {
                count = try kernel("recvfrom", "a socket") {
                    sender.withUnsafeMutableBytes { sender in
                        sender.withMemoryRebound(to: sockaddr.self) {
                            recvfrom(
                                descriptor, buffer.baseAddress, limit,
                                CInt(MSG_DONTWAIT), $0.baseAddress, &length)
                        }
                    }
                }
            } catch {
                refusal = error
            }
        }
        if let refusal {
            guard refusal.errno == .wouldBlock else { throw refusal }
            return nil
        }
        return Datagram(bytes: bytes, sender: Array(sender.prefix(Int(length))))
    }

    /// Sends a datagram to whoever sent one; it is lost where there is no room.
    ///
    /// The system call is `sendto(2)` with `MSG_DONTWAIT`.
    package borrowing func send(
        _ bytes: [UInt8], to receiver: [UInt8]
    ) throws(SystemCallError) {
        let descriptor = rawValue
        try kernel("sendto", "a socket") {
            bytes.withUnsafeBytes { bytes in
                receiver.withUnsafeBytes { receiver in
                    receiver.withMemoryRebound(to: sockaddr.self) {
                        sendto(
                            descriptor, bytes.baseAddress, bytes.count,
                            CInt(MSG_DONTWAIT | MSG_NOSIGNAL), $0.baseAddress,
                            socklen_t(receiver.count))
                    }
                }
            }
        }
    }
}

/// Sockets that never wait, connected to an address of the internet protocols.
package enum ReadySocket {
    /// Begins a connection, which is there when the socket is writable; one for datagrams is there
    /// at once.
    ///
    /// The system call is `connect(2)` of a socket with `SOCK_NONBLOCK`.
    ///
    /// - Parameters:
    ///   - kind: its protocol.
    ///   - address: 4 or 16 octets in the order of the network.
    ///   - port: the port.
    ///   - device: the name of the device of a link-local address.
    /// - Returns: the socket.
    /// - Throws: the kernel's refusal.
    package static func connect(
        _ kind: BoundSocket.Kind, to address: [UInt8], port: UInt16, over device: String?
    ) throws(SystemCallError) -> OwnedFD {
        let type = kind == .datagrams ? SOCK_DGRAM : SOCK_STREAM
        let flags = SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let made = OwnedFD(
            adopting: try kernel("socket", "port \(port)") {
                Glibc.socket(
                    address.count == 16 ? AF_INET6 : AF_INET, CInt(type.rawValue | flags),
                    kind == .sctp ? 132 : 0)
            })
        var name = BoundSocket.name(of: address, port: port)
        if let device, address.count == 16 {
            // sin6_scope_id
            withUnsafeBytes(of: if_nametoindex(device)) { name.replaceSubrange(24..<28, with: $0) }
        }
        let descriptor = made.rawValue
        do throws(SystemCallError) {
            try kernel("connect", "port \(port)") {
                name.withUnsafeBytes { bytes in
                    bytes.withMemoryRebound(to: sockaddr.self) {
                        Glibc.connect(descriptor, $0.baseAddress, socklen_t(bytes.count))
                    }
                }
            }
        } catch  where error.errno == .nowInProgress {
            return made
        }
        return made
    }
}
