import CLinux
import SystemPackage

/// A connection to a part of the kernel that speaks netlink (`netlink(7)`).
///
/// It stays in the network namespace that it was opened in, also when the process leaves that.
package struct NetlinkSocket: ~Copyable, Sendable {
    private let socket: OwnedFD

    /// The parts of the kernel.
    package enum Family: CInt, Sendable {
        /// `NETLINK_ROUTE`: links, addresses, routes.
        case route = 0
        /// `NETLINK_NETFILTER`: nf_tables, connection tracking.
        case netfilter = 12
    }

    /// Opens one in the network namespace of the process.
    package init(_ family: Family) throws(SystemCallError) {
        socket = OwnedFD(
            adopting: try kernel("socket", "AF_NETLINK \(family)") {
                clinux_netlink_socket(family.rawValue)
            })
    }

    /// Takes over one that another process has opened.
    init(adopting socket: consuming OwnedFD) { self.socket = socket }

    /// The socket's number, to hand it over.
    package var descriptor: CInt { socket.rawValue }

    /// Sends one message and waits for the kernel's acknowledgement.
    package borrowing func request(
        _ message: NetlinkMessage, _ subject: @autoclosure () -> String
    ) throws(SystemCallError) {
        var message = message
        message.insert(.acknowledge)
        let answers = try answers(to: message, subject())
        guard let code = answers.first?.errorCode else {
            throw SystemCallError(call: "netlink", subject: subject(), errno: .badMessage)
        }
        try Self.check(code, subject())
    }

    /// Sends one message and reads its one answer (`NLM_F_REQUEST` of one thing).
    package borrowing func ask(
        _ message: NetlinkMessage, _ subject: @autoclosure () -> String
    ) throws(SystemCallError) -> NetlinkReader.Message {
        guard let answer = try answers(to: message, subject()).first else {
            throw SystemCallError(call: "netlink", subject: subject(), errno: .badMessage)
        }
        if let code = answer.errorCode { try Self.check(code, subject()) }
        return answer
    }

    private borrowing func answers(
        to message: NetlinkMessage, _ subject: @autoclosure () -> String
    ) throws(SystemCallError) -> [NetlinkReader.Message] {
        try send(message.bytes, subject())
        var reader = NetlinkReader(try receive(upToBytes: 16384, subject()))
        var answers: [NetlinkReader.Message] = []
        while let answer = reader.next() { answers.append(answer) }
        return answers
    }

    /// Sends messages in one go; the kernel does them one after the other, each for itself.
    ///
    /// - Returns: what it says to each: 0, or an errno below 0.
    package borrowing func request(
        _ messages: [NetlinkMessage], _ subject: @autoclosure () -> String
    ) throws(SystemCallError) -> [Int32] {
        var bytes: [UInt8] = []
        for (index, message) in messages.enumerated() {
            var message = message
            message.insert(.acknowledge)
            message.sequence = UInt32(index + 1)
            bytes += message.bytes
        }
        try send(bytes, subject())
        var codes = [Int32?](repeating: nil, count: messages.count)
        while codes.contains(nil) {
            var reader = NetlinkReader(try receive(upToBytes: 16384, subject()))
            while let answer = reader.next() {
                let index = Int(answer.sequence) - 1
                guard let code = answer.errorCode, codes.indices.contains(index) else { continue }
                codes[index] = code
            }
        }
        return codes.compactMap(\.self)
    }

    /// Sends a batch, of which the kernel does all or nothing, and reads what it says of it.
    ///
    /// - Parameters:
    ///   - bytes: the messages; the last one that is not the batch's own end asks for an answer.
    ///   - subject: what the batch is for.
    /// - Throws: the first refusal.
    package borrowing func commit(
        batch bytes: [UInt8], _ subject: @autoclosure () -> String
    ) throws(SystemCallError) {
        try send(bytes, subject())
        var isAcknowledged = false
        // The kernel has done it all when send(2) returns: what it has to say waits already.
        while let answer = try receiveWaiting(upToBytes: 16384, subject()) {
            var reader = NetlinkReader(answer)
            while let message = reader.next() {
                guard let code = message.errorCode else { continue }
                try Self.check(code, subject())
                isAcknowledged = true
            }
        }
        guard isAcknowledged else {
            throw SystemCallError(call: "netlink", subject: subject(), errno: .badMessage)
        }
    }

    /// Sends one message and reads the messages that answer it (`NLM_F_DUMP`).
    package borrowing func dump(
        _ message: NetlinkMessage, _ subject: @autoclosure () -> String
    ) throws(SystemCallError) -> [NetlinkReader.Message] {
        var message = message
        message.insert(.dump)
        try send(message.bytes, subject())
        var all: [NetlinkReader.Message] = []
        while true {
            let bytes = try receive(upToBytes: 65536, subject())
            var reader = NetlinkReader(bytes)
            while let answer = reader.next() {
                switch answer.type {
                case 3: return all  // NLMSG_DONE
                case 2: try Self.check(answer.errorCode ?? 0, subject())
                default: all.append(answer)
                }
            }
            guard !bytes.isEmpty else {
                throw SystemCallError(call: "netlink", subject: subject(), errno: .badMessage)
            }
        }
    }

    private static func check(
        _ code: Int32, _ subject: @autoclosure () -> String
    ) throws(SystemCallError) {
        guard code != 0 else { return }
        throw SystemCallError(call: "netlink", subject: subject(), errno: Errno(rawValue: -code))
    }

    private borrowing func send(
        _ bytes: [UInt8], _ subject: @autoclosure () -> String
    ) throws(SystemCallError) {
        let descriptor = socket.rawValue
        try kernel("sendto", subject()) {
            bytes.withUnsafeBytes { clinux_send(descriptor, $0.baseAddress, UInt64($0.count), 0) }
        }
    }

    private borrowing func receive(
        upToBytes limit: Int, _ subject: @autoclosure () -> String
    ) throws(SystemCallError) -> [UInt8] {
        try receive(upToBytes: limit, flags: 0, subject())
    }

    /// What has arrived; nil when nothing has.
    private borrowing func receiveWaiting(
        upToBytes limit: Int, _ subject: @autoclosure () -> String
    ) throws(SystemCallError) -> [UInt8]? {
        do throws(SystemCallError) {
            return try receive(upToBytes: limit, flags: 0x40, subject())  // MSG_DONTWAIT
        } catch  where error.errno == .resourceTemporarilyUnavailable {
            return nil
        }
    }

    private borrowing func receive(
        upToBytes limit: Int, flags: CInt, _ subject: @autoclosure () -> String
    ) throws(SystemCallError) -> [UInt8] {
        let descriptor = socket.rawValue
        var refusal: SystemCallError?
        let answer = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            do throws(SystemCallError) {
                count = Int(
                    try kernel("recvfrom", subject()) {
                        clinux_receive(
                            descriptor, buffer.baseAddress, UInt64(buffer.count), flags)
                    })
            } catch { refusal = error }
        }
        if let refusal { throw refusal }
        return answer
    }
}
