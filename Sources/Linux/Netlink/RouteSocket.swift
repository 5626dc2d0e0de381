import CLinux
import SystemPackage

/// A connection to the kernel's routing family: links, addresses, routes (`rtnetlink(7)`).
package struct RouteSocket: ~Copyable, Sendable {
    private let socket: OwnedFD

    /// Opens one in the network namespace of the process.
    package init() throws(SystemCallError) {
        socket = OwnedFD(adopting: try kernel("socket", "NETLINK_ROUTE") { clinux_route_socket() })
    }

    /// Switches a network interface on, as `ip link set NAME up` does.
    ///
    /// The message is `RTM_NEWLINK` with `IFF_UP`; the kernel gives lo its addresses.
    package borrowing func setUp(interface name: String) throws(SystemCallError) {
        var message = NetlinkMessage(type: 16, flags: [.request, .acknowledge])  // RTM_NEWLINK
        // Index 0: the name below decides. IFF_UP is 1.
        message.appendInterfaceInformation(index: 0, flags: 1, change: 1)
        message.appendAttribute(type: 3, text: name)  // IFLA_IFNAME
        try request(message, "set \(name) up")
    }

    /// Sends one message and waits for the kernel's acknowledgement.
    borrowing func request(
        _ message: NetlinkMessage, _ subject: String
    ) throws(SystemCallError) {
        try send(message, subject)
        let answer = try receive(upToBytes: 1024, subject)
        guard let code = NetlinkMessage.errorCode(in: answer[...]) else {
            throw SystemCallError(call: "rtnetlink", subject: subject, errno: .badMessage)
        }
        guard code == 0 else {
            throw SystemCallError(
                call: "rtnetlink", subject: subject, errno: Errno(rawValue: -code))
        }
    }

    /// Sends one message and reads the messages that answer it (`NLM_F_DUMP`).
    borrowing func dump(
        _ message: NetlinkMessage, _ subject: String
    ) throws(SystemCallError) -> [NetlinkReader.Message] {
        try send(message, subject)
        var all: [NetlinkReader.Message] = []
        while true {
            let bytes = try receive(upToBytes: 65536, subject)
            var reader = NetlinkReader(bytes)
            while let answer = reader.next() {
                switch answer.type {
                case 3: return all  // NLMSG_DONE
                case 2:  // NLMSG_ERROR
                    throw SystemCallError(
                        call: "rtnetlink", subject: subject,
                        errno: Errno(rawValue: -(answer.number(at: 0, as: Int32.self) ?? 0)))
                default: all.append(answer)
                }
            }
            guard !bytes.isEmpty else {
                throw SystemCallError(call: "rtnetlink", subject: subject, errno: .badMessage)
            }
        }
    }

    private borrowing func send(
        _ message: NetlinkMessage, _ subject: String
    ) throws(SystemCallError) {
        let bytes = message.bytes
        let descriptor = socket.rawValue
        try kernel("sendto", subject) {
            bytes.withUnsafeBytes { clinux_send(descriptor, $0.baseAddress, UInt64($0.count), 0) }
        }
    }

    private borrowing func receive(
        upToBytes limit: Int, _ subject: String
    ) throws(SystemCallError) -> [UInt8] {
        var answer = [UInt8](repeating: 0, count: limit)
        let descriptor = socket.rawValue
        let count = try kernel("recvfrom", subject) {
            answer.withUnsafeMutableBytes {
                clinux_receive(descriptor, $0.baseAddress, UInt64($0.count), 0)
            }
        }
        answer.removeLast(limit - Int(count))
        return answer
    }
}
