import Diagnostics
import OCI

/// A secret as the database keeps it; its content is a file of its own.
struct SecretRecord: Sendable, Equatable {
    /// 25 hexadecimal digits, as Podman's.
    let id: String
    let name: String
    let created: Timestamp
    var updated: Timestamp
    let labels: [String: String]
}

extension SecretRecord {
    static let columns = "id, name, created, updated, labels"

    /// Reads a row of ``columns``.
    init(_ row: SQLiteStatement) throws(Problem) {
        let name = try row.text(1)
        self.init(
            id: try row.text(0), name: name,
            created: Timestamp(nanosecondsSinceEpoch: try row.integer(2)),
            updated: Timestamp(nanosecondsSinceEpoch: try row.integer(3)),
            labels: try JSONValue.parse(
                Array(row.text(4).utf8), named: "the row of secret \(name)"
            ).stringMap ?? [:])
    }
}

/// The rows of secrets.
extension Transaction {
    /// Adds a secret; `conflict` when the name is taken.
    func insert(_ secret: SecretRecord) throws(Problem) {
        guard try self.secret(named: secret.name) == nil else {
            throw Problem(
                kind: .conflict, what: "cannot create secret \(secret.name)",
                why: "secret name in use", fix: "kade secret rm \(secret.name), or use --replace")
        }
        try connection.execute(
            "INSERT INTO secrets (\(SecretRecord.columns)) VALUES (?, ?, ?, ?, ?)",
            .text(secret.id), .text(secret.name),
            .integer(secret.created.nanosecondsSinceEpoch),
            .integer(secret.updated.nanosecondsSinceEpoch),
            .text(JSONValue.map(secret.labels).jsonString()))
    }

    /// All secrets, by name.
    func secrets() throws(Problem) -> [SecretRecord] {
        try connection.rows("SELECT \(SecretRecord.columns) FROM secrets ORDER BY name") {
            row throws(Problem) in try SecretRecord(row)
        }
    }

    /// The secret with a name, or nil.
    func secret(named name: String) throws(Problem) -> SecretRecord? {
        try connection.firstRow(
            "SELECT \(SecretRecord.columns) FROM secrets WHERE name = ?", .text(name)
        ) { row throws(Problem) in try SecretRecord(row) }
    }

    /// The secret with a name, an ID, or the beginning of one ID only.
    func secret(_ text: String) throws(Problem) -> SecretRecord {
        if let secret = try secret(named: text) { return secret }
        let found = text.isEmpty ? [] : try secrets().filter { $0.id.hasPrefix(text) }
        guard let only = found.first, found.count == 1 else {
            throw Problem(
                kind: .notFound, what: "no such secret: \(text)",
                why: found.isEmpty
                    ? "no secret with name or id \"\(text)\""
                    : "more than one secret's id begins so",
                fix: "kade secret ls lists all secrets")
        }
        return only
    }

    /// Takes a secret's row away; `conflict` while a container has it.
    func delete(secret: SecretRecord) throws(Problem) {
        let users = try connection.rows(
            """
            SELECT DISTINCT containers.name FROM containerSecrets
            JOIN containers ON id = container WHERE secret = ? ORDER BY 1
            """, .text(secret.id)
        ) { row throws(Problem) in try row.text(0) }
        guard users.isEmpty else {
            throw Problem(
                kind: .conflict, what: "cannot remove secret \(secret.name)",
                why: "secret is in use by the following containers: "
                    + users.joined(separator: ", "), fix: "remove these containers first")
        }
        try connection.execute("DELETE FROM secrets WHERE id = ?", .text(secret.id))
    }

    /// Notes that a container has a secret.
    func use(secret id: String, by container: String) throws(Problem) {
        try connection.execute(
            """
            INSERT INTO containerSecrets (container, secret) VALUES (?, ?)
            ON CONFLICT DO NOTHING
            """, .text(container), .text(id))
    }
}
