import Diagnostics
import Networking
import OCI

/// A container's place on a network, with the addresses that it has there.
///
/// The row is the lease: it goes with the container's, and no two of one network are the same.
struct EndpointRecord: Sendable, Equatable {
    let id: String
    let container: String
    let network: NetworkRecord
    /// Which of the container's networks it is.
    let position: Int
    var ipv4: IPv4Address?
    var ipv6: IPv6Address?
    var mac: MACAddress?
    /// What was asked.
    var attachment: NetworkAttachment
    /// What plugins gave the container, which no row keeps; see ``EngineContext/withResult(_:)``.
    var result: CNIResult?

    /// The address of a version, with its subnet's prefix.
    func address(_ version: IPVersion) -> InterfaceAddress? {
        if let result { return result.addresses.first { $0.address.version == version } }
        guard let subnet = network.definition.subnet(version)?.subnet else { return nil }
        let address: IPAddress? =
            switch version {
            case .v4: ipv4.map { .v4($0) }
            case .v6: ipv6.map { .v6($0) }
            }
        return address.map { InterfaceAddress($0, prefixLength: subnet.prefixLength) }
    }

    /// Where its network's default route of a version leads.
    func gateway(_ version: IPVersion) -> IPAddress? {
        if let result { return result.gateways.first { $0.version == version } }
        return network.definition.subnet(version)?.gateway
    }

    /// The device's hardware address, as far as it is known.
    var deviceAddress: MACAddress? { result?.mac ?? mac }
}

extension EndpointRecord {
    static let columns =
        NetworkRecord.columns + ", endpoints.id, container, position, ipv4, ipv6, mac, settings"

    /// Reads a row of ``columns``.
    init(_ row: SQLiteStatement) throws(Problem) {
        network = try NetworkRecord(row)
        id = try row.text(4)
        container = try row.text(5)
        position = Int(try row.integer(6))
        ipv4 = IPv4Address(try row.text(7))
        ipv6 = IPv6Address(try row.text(8))
        mac = MACAddress(try row.text(9))
        attachment = NetworkAttachment(
            network: network.name,
            json: try .parse(Array(try row.text(10).utf8), named: "an endpoint of \(network.name)"))
    }
}

/// The rows of endpoints.
extension Transaction {
    func insert(_ endpoint: EndpointRecord) throws(Problem) {
        try connection.execute(
            """
            INSERT INTO endpoints (container, network, position, id, ipv4, ipv6, mac, settings)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            .text(endpoint.container), .text(endpoint.network.id),
            .integer(Int64(endpoint.position)), .text(endpoint.id),
            .text(endpoint.ipv4.map { "\($0)" } ?? ""), .text(endpoint.ipv6.map { "\($0)" } ?? ""),
            .text(endpoint.mac.map { "\($0)" } ?? ""),
            .text(JSONValue.object(endpoint.attachment.json).jsonString()))
    }

    /// A container's endpoints, in their order.
    func endpoints(ofContainer id: String) throws(Problem) -> [EndpointRecord] {
        try endpoints("container = ?", .text(id))
    }

    /// The endpoints on a network.
    func endpoints(ofNetwork id: String) throws(Problem) -> [EndpointRecord] {
        try endpoints("network = ?", .text(id))
    }

    /// All endpoints, by container.
    func endpointsByContainer() throws(Problem) -> [String: [EndpointRecord]] {
        Dictionary(grouping: try endpoints("1 = ?", .integer(1)), by: \.container)
    }

    private func endpoints(
        _ condition: String, _ value: SQLiteValue
    ) throws(Problem) -> [EndpointRecord] {
        try connection.rows(
            """
            SELECT \(EndpointRecord.columns) FROM endpoints
            JOIN networks ON networks.id = network
            WHERE \(condition) ORDER BY container, position
            """, value
        ) { row throws(Problem) in try EndpointRecord(row) }
    }

    func delete(_ endpoint: EndpointRecord) throws(Problem) {
        try connection.execute("DELETE FROM endpoints WHERE id = ?", .text(endpoint.id))
    }

    /// The addresses of a version that containers have on a network.
    func addresses(_ version: IPVersion, ofNetwork id: String) throws(Problem) -> Set<IPAddress> {
        let column = version == .v4 ? "ipv4" : "ipv6"
        let texts = try connection.rows(
            """
            SELECT \(column) FROM endpoints WHERE network = ? AND \(column) <> ''
            UNION ALL SELECT \(column) FROM stepEndpoints WHERE network = ? AND \(column) <> ''
            """, .text(id), .text(id)
        ) { row throws(Problem) in try row.text(0) }
        return Set(texts.compactMap { IPAddress($0) })
    }
}

/// The rows of endpoints that instructions of builds have, which have no container's row.
extension Transaction {
    func insert(step endpoint: EndpointRecord) throws(Problem) {
        try connection.execute(
            "INSERT INTO stepEndpoints (step, network, ipv4, ipv6) VALUES (?, ?, ?, ?)",
            .text(endpoint.container), .text(endpoint.network.id),
            .text(endpoint.ipv4.map { "\($0)" } ?? ""), .text(endpoint.ipv6.map { "\($0)" } ?? ""))
    }

    /// The endpoint of an instruction; none where it has no network.
    func endpoints(ofStep id: String) throws(Problem) -> [EndpointRecord] {
        try connection.rows(
            """
            SELECT \(NetworkRecord.columns), step, step, 0, ipv4, ipv6, '', '{}' FROM stepEndpoints
            JOIN networks ON networks.id = network WHERE step = ?
            """, .text(id)
        ) { row throws(Problem) in try EndpointRecord(row) }
    }

    /// The instructions that have an endpoint on a network.
    func steps(ofNetwork id: String) throws(Problem) -> [String] {
        try connection.rows("SELECT step FROM stepEndpoints WHERE network = ?", .text(id)) {
            row throws(Problem) in try row.text(0)
        }
    }

    func delete(endpointsOfStep id: String) throws(Problem) {
        try connection.execute("DELETE FROM stepEndpoints WHERE step = ?", .text(id))
    }
}
