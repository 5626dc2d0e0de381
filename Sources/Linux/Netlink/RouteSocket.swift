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
        message.append(UInt8(0))  // struct ifinfomsg: ifi_family, AF_UNSPEC
        message.append(UInt8(0))
        message.append(UInt16(0))  // ifi_type
        message.append(Int32(0))  // ifi_index: the name below decides
        message.append(UInt32(1))  // ifi_flags: IFF_UP
        message.append(UInt32(1))  // ifi_change: IFF_UP alone
        message.appendAttribute(type: 3, text: name)  // IFLA_IFNAME
        try request(message, "set \(name) up")
    }

    /// Sends one message and waits for the kernel's acknowledgement.
    private borrowing func request(
        _ message: NetlinkMessage, _ subject: String
    ) throws(SystemCallError) {
        let bytes = message.bytes
        let descriptor = socket.rawValue
        try kernel("sendto", subject) {
            bytes.withUnsafeBytes { clinux_send(descriptor, $0.baseAddress, UInt64($0.count), 0) }
        }
        var answer = [UInt8](repeating: 0, count: 1024)
        let count = try kernel("recvfrom", subject) {
            answer.withUnsafeMutableBytes {
                clinux_receive(descriptor, $0.baseAddress, UInt64($0.count), 0)
            }
        }
        guard let code = NetlinkMessage.errorCode(in: answer[..<Int(count)]) else {
            throw SystemCallError(call: "rtnetlink", subject: subject, errno: .badMessage)
        }
        guard code == 0 else {
            throw SystemCallError(
                call: "rtnetlink", subject: subject, errno: Errno(rawValue: -code))
        }
    }
}
