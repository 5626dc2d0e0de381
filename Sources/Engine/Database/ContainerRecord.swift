import Diagnostics
import GRDB
import OCI

/// A container as the database keeps it: what the user declared, not what the kernel does.
struct ContainerRecord: Sendable, Equatable {
    let id: String
    var name: String
    /// The image as the user wrote it.
    let image: String
    /// `sha256:…` of the image's configuration, or `host`.
    let imageID: String
    let created: Timestamp
    /// The request, merged with the image's configuration.
    var request: ContainerRequest
    /// The diffIDs of the image's layers, the lowest first; the host image has none.
    let layers: [String]
}

extension ContainerRecord {
    static let columns = "id, name, image, imageID, created, request, layers"

    /// Reads a row of ``columns``.
    init(_ row: Row) throws {
        id = row[0]
        name = row[1]
        image = row[2]
        imageID = row[3]
        created = Timestamp(nanosecondsSinceEpoch: row[4])
        let text: String = row[5]
        let name: String = name
        request = try ContainerRequest(
            dockerJSON: .parse(Array(text.utf8), named: "the row of container \(name)"))
        request.name = name
        request.image = image
        let layers: String = row[6]
        self.layers = layers.isEmpty ? [] : layers.split(separator: " ").map(String.init)
    }
}

/// The rows of containers.
extension GRDB.Database {
    /// Adds a container; `conflict` when the name is taken.
    func insert(_ container: ContainerRecord) throws {
        if let other = try String.fetchOne(
            self, sql: "SELECT id FROM containers WHERE name = ?", arguments: [container.name])
        {
            throw nameConflict(name: container.name, holder: other)
        }
        try cachedStatement(
            sql: """
                INSERT INTO containers
                (id, name, image, imageID, created, isAutoRemoved, request, layers)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            container.id, container.name, container.image, container.imageID,
            container.created.nanosecondsSinceEpoch, container.request.isRemovedAfterExit,
            container.request.dockerJSON.jsonString(), container.layers.joined(separator: " "),
        ])
    }

    /// All containers, the newest first.
    func containers() throws -> [ContainerRecord] {
        let rows = try Row.fetchCursor(
            self,
            sql: "SELECT \(ContainerRecord.columns) FROM containers ORDER BY created DESC, id")
        return try Array(rows.map { try ContainerRecord($0) })
    }

    /// The container with a name, an ID, or the beginning of one ID only.
    func container(_ text: String) throws -> ContainerRecord {
        // In Docker's order: a whole ID, a name, the beginning of an ID.
        let name = text.hasPrefix("/") ? String(text.dropFirst()) : text
        let exact = try Row.fetchOne(
            self,
            sql: """
                SELECT \(ContainerRecord.columns) FROM containers WHERE id = ? OR name = ?
                ORDER BY id = ? DESC LIMIT 1
                """,
            arguments: [text, name, text])
        if let exact { return try ContainerRecord(exact) }
        let isPrefix = !text.isEmpty && text.utf8.count <= 64 && text.utf8.allSatisfy(isHexDigit)
        guard isPrefix else { throw noSuchContainer(text) }
        let rows = try Row.fetchAll(
            self,
            sql: """
                SELECT \(ContainerRecord.columns) FROM containers
                WHERE id >= ? AND id < ? LIMIT 2
                """,
            arguments: [text, text + "g"])  // "g" follows every hexadecimal digit
        guard let row = rows.first else { throw noSuchContainer(text) }
        guard rows.count == 1 else {
            throw Problem(
                kind: .invalid, what: "cannot tell which container \(text) is",
                why: "multiple IDs found with provided prefix: \(text)",
                fix: "give more digits of the ID, or its name")
        }
        return try ContainerRecord(row)
    }

    /// The container with exactly this ID, or nil.
    func container(id: String) throws -> ContainerRecord? {
        try Row.fetchOne(
            self, sql: "SELECT \(ContainerRecord.columns) FROM containers WHERE id = ?",
            arguments: [id]
        ).map { try ContainerRecord($0) }
    }

    /// Gives a container another name; `conflict` when it is taken.
    func rename(containerID id: String, to name: String) throws {
        if let other = try String.fetchOne(
            self, sql: "SELECT id FROM containers WHERE name = ?", arguments: [name])
        {
            throw nameConflict(name: name, holder: other)
        }
        try execute(sql: "UPDATE containers SET name = ? WHERE id = ?", arguments: [name, id])
    }

    /// Keeps a changed request.
    func update(containerID id: String, request: ContainerRequest) throws {
        try execute(
            sql: "UPDATE containers SET request = ? WHERE id = ?",
            arguments: [request.dockerJSON.jsonString(), id])
    }

    /// Whether a name is taken.
    func hasContainer(named name: String) throws -> Bool {
        try Bool.fetchOne(
            self, sql: "SELECT EXISTS (SELECT 1 FROM containers WHERE name = ?)", arguments: [name])
            ?? false
    }

    /// Takes a container's row away, and says which anonymous volumes nobody has any more.
    func delete(containerID id: String, withVolumes removesVolumes: Bool) throws -> [String] {
        var orphans: [String] = []
        if removesVolumes {
            orphans = try String.fetchAll(
                self,
                sql: """
                    SELECT DISTINCT volume FROM containerVolumes JOIN volumes ON name = volume
                    WHERE container = ? AND isAnonymous AND NOT EXISTS
                    (SELECT 1 FROM containerVolumes AS other
                     WHERE other.volume = name AND other.container <> ?)
                    """,
                arguments: [id, id])
        }
        try cachedStatement(sql: "DELETE FROM containers WHERE id = ?").execute(arguments: [id])
        for name in orphans {
            try execute(sql: "DELETE FROM volumes WHERE name = ?", arguments: [name])
        }
        return orphans
    }

    private func noSuchContainer(_ text: String) -> Problem {
        Problem(
            kind: .notFound, what: "No such container: \(text)",
            why: "no container has this name or ID", fix: "kade ps -a lists all containers")
    }

    private func nameConflict(name: String, holder: String) -> Problem {
        Problem(
            kind: .conflict,
            what: "Conflict. The container name \"/\(name)\" is already in use",
            why: "by container \"\(holder)\"",
            fix: "remove (or rename) that container to be able to reuse that name")
    }
}

func isHexDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
}
