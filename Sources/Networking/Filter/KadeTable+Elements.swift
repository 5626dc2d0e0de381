package import Linux
import SystemPackage

/// A bridge as the table knows it.
package struct FilteredBridge: Sendable, Equatable {
    package var name: String
    package var subnets: [Subnet]
    /// `--internal`: nothing leaves it, and nothing comes in.
    package var isInternal: Bool
    /// Whether what leaves the host gets one of the host's addresses.
    package var isMasqueraded: Bool
    /// Whether all ports can be reached from outside.
    package var isRouted: Bool

    package init(
        name: String, subnets: [Subnet], isInternal: Bool, isMasqueraded: Bool, isRouted: Bool
    ) {
        self.name = name
        self.subnets = subnets
        self.isInternal = isInternal
        self.isMasqueraded = isMasqueraded
        self.isRouted = isRouted
    }

    /// Its elements, by set.
    fileprivate var elements: [(KadeTable.SetName, [FilterElement])] {
        let name = FilterField.interfaceName(name)
        var all: [(KadeTable.SetName, [FilterElement])] = [
            (.bridges, [FilterElement([name], value: nil)]),
            (.same, [FilterElement([name, name], value: nil)]),
        ]
        if isInternal { all.append((.internals, [FilterElement([name], value: nil)])) }
        if isRouted { all.append((.routed, [FilterElement([name], value: nil)])) }
        for subnet in subnets {
            all.append((subnet.version.ownSet, [FilterElement(subnet, [name])]))
            if isMasqueraded, !isInternal {
                all.append((subnet.version.masqueradeSet, FilterElement.range(subnet)))
            }
        }
        return all
    }
}

/// A port of the host, and the container's that it leads to.
package struct PublishedPort: Sendable, Hashable {
    package var transport: Transport
    /// The host's address; `0.0.0.0` and `::` are all of that version.
    package var hostAddress: IPAddress
    package var hostPort: UInt16
    package var address: IPAddress
    package var port: UInt16

    package init(
        transport: Transport, hostAddress: IPAddress, hostPort: UInt16, address: IPAddress,
        port: UInt16
    ) {
        self.transport = transport
        self.hostAddress = hostAddress
        self.hostPort = hostPort
        self.address = address
        self.port = port
    }

    fileprivate var map: KadeTable.SetName {
        hostAddress.version.portMap(isOfOneAddress: !hostAddress.isUnspecified)
    }

    /// Asks where the table leads the port (`NFT_MSG_GETSETELEM`).
    var question: NetlinkMessage { element.question(in: map) }

    /// Whether an answer to ``question`` names the container's address and port.
    func isAnswered(by message: NetlinkReader.Message) -> Bool {
        func nested(_ bytes: [UInt8], _ type: UInt16) -> [UInt8] {
            NetlinkReader.attributes(in: bytes[...]).first { $0.type == type }?.content ?? []
        }
        let element = nested(message.attributes(after: 4)[3] ?? [], 1)
        return nested(nested(element, 2), 1) == self.element.value
    }

    fileprivate var element: FilterElement {
        let address: [FilterField] = hostAddress.isUnspecified ? [] : [.address(hostAddress)]
        return FilterElement(
            [.transport(transport)] + address + [.port(hostPort)],
            value: [.address(self.address), .port(port)])
    }
}

extension FilterBatch {
    /// Begins a batch about Kade's table.
    package static var ofKade: FilterBatch { FilterBatch(table: KadeTable.name) }

    /// Makes Kade's table anew; an older one goes first.
    package mutating func makeTable(replacing isThere: Bool) {
        if isThere { deleteTable() }
        KadeTable.make(in: &self)
    }

    package mutating func add(_ bridge: FilteredBridge) {
        for (set, elements) in bridge.elements { add(elements, to: set.rawValue) }
    }

    package mutating func remove(_ bridge: FilteredBridge) {
        for (set, elements) in bridge.elements { remove(elements, from: set.rawValue) }
    }

    /// Leads ports of the host to a container.
    package mutating func add(_ ports: [PublishedPort]) {
        for (map, elements) in Self.byMap(ports) { addNew(elements, to: map) }
    }

    package mutating func remove(_ ports: [PublishedPort]) {
        for (map, elements) in Self.byMap(ports) { remove(elements, from: map) }
    }

    /// Notes that Kade made a router of the host for a version.
    package mutating func markUnrouted(_ version: IPVersion) {
        add(
            [FilterElement([.protocolFamily(version)], value: nil)],
            to: KadeTable.SetName.unrouted.rawValue)
    }

    private static func byMap(_ ports: [PublishedPort]) -> [(String, [FilterElement])] {
        Dictionary(grouping: ports, by: \.map).map { ($0.rawValue, $1.map(\.element)) }
            .sorted { $0.0 < $1.0 }
    }
}

extension KadeTable {
    /// What there is of the table.
    package enum Presence: Sendable {
        case none
        /// One whose rules are others than this program's.
        case other
        case present
    }

    /// Looks whether the table is there.
    package static func presence(
        over socket: borrowing NetlinkSocket
    ) throws(SystemCallError) -> Presence {
        if try has(4, chain: layout, over: socket) { return .present }  // NFT_MSG_GETCHAIN
        return try has(1, chain: nil, over: socket) ? .other : .none  // NFT_MSG_GETTABLE
    }

    private static func has(
        _ type: UInt16, chain: String?, over socket: borrowing NetlinkSocket
    ) throws(SystemCallError) -> Bool {
        var message = NetlinkMessage(type: FilterBatch.subsystem << 8 | type, flags: .request)
        message.append(FilterBatch.family)
        message.append(UInt8(0))
        message.append(UInt16(0))
        message.appendAttribute(type: 1, text: name)
        if let chain { message.appendAttribute(type: 3, text: chain) }
        do throws(SystemCallError) {
            _ = try socket.ask(message, "look for the table inet \(name)")
            return true
        } catch  where error.errno == .noSuchFileOrDirectory {
            return false
        }
    }
}
