import CLinux
import Glibc
import SystemPackage

/// What arrived on a local socket: bytes, and a descriptor that came with them.
package struct ReceivedMessage: ~Copyable, Sendable {
    /// The bytes; none is the end of the connection, or an empty message.
    package let bytes: [UInt8]
    /// The first descriptor that came along, with `O_CLOEXEC`; any other was closed.
    package var descriptor: OwnedFD?
}

extension OwnedFD {
    /// Sends a message, or bytes as far as a stream takes them; never a SIGPIPE.
    ///
    /// The system call is `send(2)` with `MSG_NOSIGNAL`.
    @discardableResult
    package borrowing func send(_ bytes: [UInt8]) throws(SystemCallError) -> Int {
        Int(
            try kernel("send", "a socket") {
                bytes.withUnsafeBytes {
                    clinux_send(rawValue, $0.baseAddress, UInt64($0.count), 0)
                }
            })
    }

    /// Sends a message unless that would have to wait; false then.
    package borrowing func sendIfReady(_ bytes: [UInt8]) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            try kernel("send", "a socket") {
                bytes.withUnsafeBytes {
                    clinux_send(rawValue, $0.baseAddress, UInt64($0.count), clinux_MSG_DONTWAIT)
                }
            }
            return true
        } catch  where error.errno == .wouldBlock {
            return false
        }
    }

    /// Sends bytes, at least one, and copies of descriptors with them.
    ///
    /// The system call is `sendmsg(2)` with `SCM_RIGHTS` (`unix(7)`).
    /// - Parameters:
    ///   - bytes: the message.
    ///   - descriptors: the numbers of at most 253 open descriptors; they stay open here.
    /// - Throws: the kernel's refusal; `EINVAL` for more descriptors.
    package borrowing func send(
        _ bytes: [UInt8], descriptors: [CInt]
    ) throws(SystemCallError) {
        guard descriptors.count <= Self.maximumDescriptors else {
            throw SystemCallError(
                call: "sendmsg", subject: "\(descriptors.count) descriptors",
                errno: .invalidArgument)
        }
        try kernel("sendmsg", "\(descriptors.count) descriptors") {
            bytes.withUnsafeBytes {
                clinux_send_descriptors(
                    rawValue, $0.baseAddress, UInt64($0.count), descriptors,
                    UInt32(descriptors.count))
            }
        }
    }

    /// Waits for a message, or for some bytes of a stream; none is the end.
    ///
    /// The system call is `recv(2)`.
    package borrowing func receive(upToBytes limit: Int) throws(SystemCallError) -> [UInt8] {
        var refusal: SystemCallError?
        // Not filled with zeros first: of a large buffer only what arrives takes memory.
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            do throws(SystemCallError) {
                count = Int(
                    try kernel("recv", "a socket") {
                        clinux_receive(rawValue, buffer.baseAddress, UInt64(limit), 0)
                    })
            } catch {
                refusal = error
            }
        }
        if let refusal { throw refusal }
        return bytes
    }

    /// Waits for a message and leaves it there.
    ///
    /// The system call is `recv(2)` with `MSG_PEEK`.
    /// - Returns: the message's first bytes; none when the other side is gone.
    package borrowing func beginningOfNextMessage(
        upToBytes limit: Int
    ) throws(SystemCallError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = try kernel("recv", "a socket") {
            clinux_receive(rawValue, &bytes, UInt64(limit), CInt(MSG_PEEK))
        }
        return Array(bytes.prefix(Int(count)))
    }

    /// Waits for a message and leaves it there; nil when the other side is gone.
    package borrowing func firstByteOfNextMessage() throws(SystemCallError) -> UInt8? {
        try beginningOfNextMessage(upToBytes: 1).first
    }

    /// Waits for a message and takes the descriptor that comes with it.
    ///
    /// The system call is `recvmsg(2)` with `MSG_CMSG_CLOEXEC`.
    package borrowing func receiveMessage(upToBytes limit: Int) throws(SystemCallError)
        -> ReceivedMessage
    {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: limit, alignment: 1)
        defer { buffer.deallocate() }
        var descriptors = InlineArray<253, CInt>(repeating: -1)
        var (descriptorCount, flags): (UInt32, CInt) = (0, 0)
        var space = descriptors.mutableSpan
        let count = try kernel("recvmsg", "a socket") {
            space.withUnsafeMutableBufferPointer {
                clinux_receive_descriptors(
                    rawValue, buffer.baseAddress, UInt64(limit), $0.baseAddress, &descriptorCount,
                    &flags)
            }
        }
        let bytes = [UInt8](buffer[..<Int(count)])
        for index in 0..<Int(descriptorCount) where index > 0 { close(descriptors[index]) }
        return ReceivedMessage(
            bytes: bytes,
            descriptor: descriptorCount > 0 ? OwnedFD(adopting: descriptors[0]) : nil)
    }

    /// The kernel's `SCM_MAX_FD`.
    private static var maximumDescriptors: Int { 253 }
}
