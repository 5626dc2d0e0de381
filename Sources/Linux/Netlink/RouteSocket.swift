/// A connection to the kernel's routing family: links, addresses, routes (`rtnetlink(7)`).
package struct RouteSocket: ~Copyable, Sendable {
    package let socket: NetlinkSocket

    /// Opens one in the network namespace of the process.
    package init() throws(SystemCallError) {
        socket = try NetlinkSocket(.route)
    }

    /// Takes over one that another process has opened, in its namespace.
    package init(adopting descriptor: consuming OwnedFD) {
        socket = NetlinkSocket(adopting: descriptor)
    }

    /// Switches a network interface on, as `ip link set NAME up` does.
    ///
    /// The message is `RTM_NEWLINK` with `IFF_UP`; the kernel gives lo its addresses.
    package borrowing func setUp(interface name: String) throws(SystemCallError) {
        var message = NetlinkMessage(type: 16, flags: .request)  // RTM_NEWLINK
        // Index 0: the name below decides. IFF_UP is 1.
        message.appendInterfaceInformation(index: 0, flags: 1, change: 1)
        message.appendAttribute(type: 3, text: name)  // IFLA_IFNAME
        try socket.request(message, "set \(name) up")
    }
}
