import Diagnostics
import Networking
import OCI

/// A network as the database keeps it.
struct NetworkRecord: Sendable, Equatable {
    let id: String
    let name: String
    let created: Timestamp
    let definition: NetworkDefinition

    /// The name of its bridge.
    var bridgeName: String {
        definition.options[BridgeOption.name] ?? "kd-" + id.prefix(12)
    }

    /// Docker's three, which are always there.
    var isPredefined: Bool { Self.predefinedNames.contains(name) }

    static let predefinedNames: Set<String> = ["bridge", "host", "none"]
}

extension NetworkRecord {
    static let columns = "networks.id, name, created, definition"

    /// Reads a row of ``columns``.
    init(_ row: SQLiteStatement) throws(Problem) {
        id = try row.text(0)
        name = try row.text(1)
        created = Timestamp(nanosecondsSinceEpoch: try row.integer(2))
        let text = "the row of network \(name)"
        definition = try NetworkDefinition(
            .parse(Array(try row.text(3).utf8), named: text), named: name)
    }
}

/// The rows of networks.
extension Transaction {
    /// Adds a network; `conflict` when the name is taken.
    func insert(_ network: NetworkRecord) throws(Problem) {
        guard try self.network(named: network.name) == nil else {
            throw Problem(
                kind: .conflict, what: "cannot make network \(network.name)",
                why: "network with name \(network.name) already exists",
                fix: "choose another name, or remove it: kade network rm \(network.name)")
        }
        try connection.execute(
            "INSERT INTO networks (id, name, created, definition) VALUES (?, ?, ?, ?)",
            .text(network.id), .text(network.name),
            .integer(network.created.nanosecondsSinceEpoch),
            .text(JSONValue.object(network.definition.json).jsonString()))
    }

    /// Changes what a network is.
    func update(_ network: NetworkRecord) throws(Problem) {
        try connection.execute(
            "UPDATE networks SET definition = ? WHERE id = ?",
            .text(JSONValue.object(network.definition.json).jsonString()), .text(network.id))
    }

    /// All networks, by name.
    func networks() throws(Problem) -> [NetworkRecord] {
        try connection.rows("SELECT \(NetworkRecord.columns) FROM networks ORDER BY name") {
            row throws(Problem) in try NetworkRecord(row)
        }
    }

    /// The network of a name, or nil.
    func network(named name: String) throws(Problem) -> NetworkRecord? {
        try connection.firstRow(
            "SELECT \(NetworkRecord.columns) FROM networks WHERE name = ?", .text(name)
        ) { row throws(Problem) in try NetworkRecord(row) }
    }

    /// The network with a name, an ID, or the beginning of one ID only.
    func network(_ text: String) throws(Problem) -> NetworkRecord {
        let exact = try connection.firstRow(
            """
            SELECT \(NetworkRecord.columns) FROM networks WHERE id = ? OR name = ?
            ORDER BY id = ? DESC LIMIT 1
            """, .text(text), .text(text), .text(text)
        ) { row throws(Problem) in try NetworkRecord(row) }
        if let exact { return exact }
        var found: [NetworkRecord] = []
        if !text.isEmpty, text.utf8.count <= 64, text.utf8.allSatisfy(isHexDigit) {
            found = try connection.rows(
                "SELECT \(NetworkRecord.columns) FROM networks WHERE id >= ? AND id < ? LIMIT 2",
                .text(text), .text(text + "g")  // "g" follows every hexadecimal digit
            ) { row throws(Problem) in try NetworkRecord(row) }
        }
        guard let network = found.first else {
            throw Problem(
                kind: .notFound, what: "network \(text) not found",
                why: "no network has this name or ID", fix: "kade network ls lists all networks")
        }
        guard found.count == 1 else {
            throw Problem(
                kind: .invalid, what: "cannot tell which network \(text) is",
                why: "network \(text) is ambiguous (2 matches found based on ID prefix)",
                fix: "give more digits of the ID, or its name")
        }
        return network
    }

    /// Takes a network's row away; `conflict` while a container has an endpoint on it.
    func delete(network: NetworkRecord) throws(Problem) {
        let endpoints = try endpoints(ofNetwork: network.id)
        guard endpoints.isEmpty else {
            let users = try endpoints.map { endpoint throws(Problem) in
                try container(id: endpoint.container)?.name ?? endpoint.container
            }
            throw network.isInUse(by: users)
        }
        try connection.execute("DELETE FROM networks WHERE id = ?", .text(network.id))
    }
}
