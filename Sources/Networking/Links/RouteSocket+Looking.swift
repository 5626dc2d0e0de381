package import Linux
import SystemPackage

/// A network device as the kernel shows it.
package struct NetworkLink: Sendable, Equatable {
    package var index: Int32
    package var name: String
    /// The kernel's word for what it is; empty for hardware.
    package var kind: String
    /// `IFF_UP`: it is switched on.
    package var isUp: Bool
    /// It carries frames (`IF_OPER_UP`).
    package var isOperational: Bool
    package var mtu: UInt32
    /// The index of the bridge that it is a port of.
    package var bridge: Int32?
    /// The index of the device at its other end, or below it, in whichever namespace that is.
    package var peer: Int32?
    /// Whether a port of a bridge passes frames on (`BR_STATE_FORWARDING`).
    package var isForwarding: Bool
}

extension RouteSocket {
    /// The device of a name; nil when there is none.
    package borrowing func link(named name: String) throws(SystemCallError) -> NetworkLink? {
        do throws(SystemCallError) {
            return NetworkLink(try socket.ask(LinkMessage.look(for: name), "look for \(name)"))
        } catch  where error.errno == .operationNotSupportedByDevice {
            return nil
        }
    }

    /// All devices of the namespace.
    package borrowing func links() throws(SystemCallError) -> [NetworkLink] {
        var message = NetlinkMessage(type: 18, flags: .request)  // RTM_GETLINK
        message.appendInterfaceInformation(index: 0, flags: 0, change: 0)
        return try socket.dump(message, "the network devices").compactMap { NetworkLink($0) }
    }

    /// The destinations of the host's routes that lead anywhere, without the default ones.
    package borrowing func routedSubnets() throws(SystemCallError) -> [Subnet] {
        try routes().map(\.destination).filter { $0.prefixLength > 0 }
    }

    /// The routes of the main table, those for all destinations among them (`RTM_GETROUTE`).
    borrowing func routes() throws(SystemCallError) -> [NetworkRoute] {
        var routes: [NetworkRoute] = []
        for version in IPVersion.allCases {
            var message = NetlinkMessage(type: 26, flags: .request)  // RTM_GETROUTE
            message.append(version.family)
            for _ in 0..<11 { message.append(UInt8(0)) }  // the rest of struct rtmsg
            routes += try socket.dump(message, "the routes").compactMap {
                NetworkRoute($0, version)
            }
        }
        return routes
    }
}

/// A route of the main table.
struct NetworkRoute: Sendable, Equatable {
    let destination: Subnet
    /// nil where it leads straight to a device.
    let gateway: IPAddress?
    let device: Int32?

    /// Reads `struct rtmsg` and its attributes; nil for routes of other tables.
    fileprivate init?(_ message: NetlinkReader.Message, _ version: IPVersion) {
        guard message.number(at: 0, as: UInt8.self) == version.family,
            let length = message.number(at: 1, as: UInt8.self),
            message.number(at: 4, as: UInt8.self) == 254  // RT_TABLE_MAIN
        else { return nil }
        let attributes = message.attributes(after: 12)
        let bytes = attributes[1]  // RTA_DST
        guard bytes != nil || length == 0 else { return nil }
        destination = Subnet(
            of: IPAddress(bytes: bytes ?? [], version), prefixLength: Int(length))
        gateway = attributes[5].map { IPAddress(bytes: $0, version) }  // RTA_GATEWAY
        device = attributes[4].map { bytes in  // RTA_OIF
            bytes.withUnsafeBytes { $0.loadUnaligned(as: Int32.self) }
        }
    }
}

extension NetworkLink {
    /// Reads `struct ifinfomsg` and its attributes.
    fileprivate init?(_ message: NetlinkReader.Message) {
        let attributes = message.attributes(after: 16)
        guard message.type == 16, let index = message.number(at: 4, as: Int32.self),
            let flags = message.number(at: 8, as: UInt32.self), let name = attributes[3]
        else { return nil }
        self.index = index
        self.name = Self.text(name)
        isUp = flags & 1 != 0
        isOperational = attributes[16]?.first == 6  // IFLA_OPERSTATE
        mtu = Self.number(attributes[4]) ?? 0
        bridge = Self.number(attributes[10])  // IFLA_MASTER
        peer = Self.number(attributes[5])  // IFLA_LINK
        kind = ""
        isForwarding = false
        for attribute in NetlinkReader.attributes(in: (attributes[18] ?? [])[...]) {
            switch attribute.type {
            case 1: kind = Self.text(attribute.content)  // IFLA_INFO_KIND
            case 5:  // IFLA_INFO_SLAVE_DATA
                let port = NetlinkReader.attributes(in: attribute.content[...])
                isForwarding = port.contains { $0.type == 1 && $0.content == [3] }
            default: continue
            }
        }
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func number<Number: FixedWidthInteger>(_ bytes: [UInt8]?) -> Number? {
        guard let bytes, bytes.count >= MemoryLayout<Number>.size else { return nil }
        return bytes.withUnsafeBytes { $0.loadUnaligned(as: Number.self) }
    }
}
