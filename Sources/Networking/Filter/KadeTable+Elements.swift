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

    /// What the table's sets have of a bridge.
    struct Part {
        let set: KadeTable.SetName
        let elements: [FilterElement]
        /// The same in the words of nft.
        let text: String
        let why: String
        /// The subnet that it is about; nil for one about the bridge alone.
        var subnet: Subnet?
        /// What comes after an address of the subnet in the set's keys.
        var suffix: [FilterField] = []

        /// A key that finds it.
        ///
        /// - Parameter addresses: those of a container, of which one of the subnet is asked for.
        /// - Returns: the key, without an end.
        func key(of addresses: [IPAddress]) -> FilterElement {
            guard let subnet else { return elements[0] }
            let address = addresses.first { subnet.contains($0) } ?? subnet.base
            return FilterElement([.address(address)] + suffix, value: nil)
        }
    }

    /// Its parts of the table's sets.
    var parts: [Part] {
        let field = FilterField.interfaceName(name)
        func part(_ set: KadeTable.SetName, _ fields: [FilterField], _ why: String) -> Part {
            Part(
                set: set, elements: [FilterElement(fields, value: nil)],
                text: fields.map { _ in name }.joined(separator: " . "), why: why)
        }
        var all = [
            part(
                .bridges, [field],
                "what comes from the bridge may go out, and nothing else may come in unasked"),
            part(.same, [field, field], "neighbours reach each other"),
        ]
        if isInternal { all.append(part(.internals, [field], "nothing leaves it (--internal)")) }
        if isRouted {
            all.append(part(.routed, [field], "all ports can be reached from outside"))
        }
        for subnet in subnets {
            all.append(
                Part(
                    set: subnet.version.ownSet, elements: [FilterElement(subnet, [field])],
                    text: "\(subnet) . \(name)",
                    why: "neighbours reach each other by published ports, too: the answer comes "
                        + "back over the machine",
                    subnet: subnet, suffix: [field]))
            guard isMasqueraded, !isInternal else { continue }
            all.append(
                Part(
                    set: subnet.version.masqueradeSet, elements: FilterElement.range(subnet),
                    text: "\(subnet)",
                    why: "what leaves the machine gets one of the machine's addresses",
                    subnet: subnet))
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

    /// Makes what is missing of Kade's table, and its rules anew; all elements stay.
    package mutating func renewTable() {
        deleteRules()
        KadeTable.make(in: &self)
    }

    package mutating func add(_ bridge: FilteredBridge) {
        for part in bridge.parts { add(part.elements, to: part.set.rawValue) }
    }

    package mutating func remove(_ bridge: FilteredBridge) {
        for part in bridge.parts { remove(part.elements, from: part.set.rawValue) }
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
