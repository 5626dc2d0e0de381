import Diagnostics
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
    init(_ row: SQLiteStatement) throws(Problem) {
        id = try row.text(0)
        let name = try row.text(1)
        self.name = name
        image = try row.text(2)
        imageID = try row.text(3)
        created = Timestamp(nanosecondsSinceEpoch: try row.integer(4))
        request = try ContainerRequest(
            dockerJSON: .parse(
                Array(try row.text(5).utf8), named: "the row of container \(name)"))
        request.name = name
        request.image = image
        layers = try row.text(6).split(separator: " ").map(String.init)
    }
}

/// The rows of containers.
extension Transaction {
    /// Adds a container; `conflict` when the name is taken.
    func insert(_ container: ContainerRecord) throws(Problem) {
        try checkIsFree(name: container.name)
        try connection.execute(
            """
            INSERT INTO containers
            (id, name, image, imageID, created, isAutoRemoved, request, layers)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            .text(container.id), .text(container.name), .text(container.image),
            .text(container.imageID), .integer(container.created.nanosecondsSinceEpoch),
            .boolean(container.request.isRemovedAfterExit),
            .text(container.request.dockerJSON.jsonString()),
            .text(container.layers.joined(separator: " ")))
    }

    /// All containers, the newest first.
    func containers() throws(Problem) -> [ContainerRecord] {
        try connection.rows(
            "SELECT \(ContainerRecord.columns) FROM containers ORDER BY created DESC, id"
        ) { row throws(Problem) in try ContainerRecord(row) }
    }

    /// The container with a name, an ID, or the beginning of one ID only.
    func container(_ text: String) throws(Problem) -> ContainerRecord {
        // In Docker's order: a whole ID, a name, the beginning of an ID.
        let name = text.hasPrefix("/") ? String(text.dropFirst()) : text
        let exact = try connection.firstRow(
            """
            SELECT \(ContainerRecord.columns) FROM containers WHERE id = ? OR name = ?
            ORDER BY id = ? DESC LIMIT 1
            """, .text(text), .text(name), .text(text)
        ) { row throws(Problem) in try ContainerRecord(row) }
        if let exact { return exact }
        let isPrefix = !text.isEmpty && text.utf8.count <= 64 && text.utf8.allSatisfy(isHexDigit)
        guard isPrefix else { throw .noSuchContainer(text) }
        let found = try connection.rows(
            "SELECT \(ContainerRecord.columns) FROM containers WHERE id >= ? AND id < ? LIMIT 2",
            .text(text), .text(text + "g")  // "g" follows every hexadecimal digit
        ) { row throws(Problem) in try ContainerRecord(row) }
        guard let container = found.first else { throw .noSuchContainer(text) }
        guard found.count == 1 else {
            throw Problem(
                kind: .invalid, what: "cannot tell which container \(text) is",
                why: "multiple IDs found with provided prefix: \(text)",
                fix: "give more digits of the ID, or its name")
        }
        return container
    }

    /// The container with exactly this ID, or nil.
    func container(id: String) throws(Problem) -> ContainerRecord? {
        try connection.firstRow(
            "SELECT \(ContainerRecord.columns) FROM containers WHERE id = ?", .text(id)
        ) { row throws(Problem) in try ContainerRecord(row) }
    }

    /// Gives a container another name; `conflict` when it is taken.
    func rename(containerID id: String, to name: String) throws(Problem) {
        try checkIsFree(name: name)
        try connection.execute(
            "UPDATE containers SET name = ? WHERE id = ?", .text(name), .text(id))
    }

    /// Replaces what was declared of a container.
    func update(_ container: ContainerRecord) throws(Problem) {
        try connection.execute(
            "UPDATE containers SET request = ? WHERE id = ?",
            .text(container.request.dockerJSON.jsonString()), .text(container.id))
    }

    /// Whether a name is taken.
    func hasContainer(named name: String) throws(Problem) -> Bool {
        try holder(ofName: name) != nil
    }

    /// Takes a container's row away, and says which anonymous volumes nobody has any more.
    func delete(
        containerID id: String, withVolumes removesVolumes: Bool
    ) throws(Problem) -> [String] {
        var orphans: [String] = []
        if removesVolumes {
            orphans = try connection.rows(
                """
                SELECT DISTINCT volume FROM containerVolumes JOIN volumes ON name = volume
                WHERE container = ? AND isAnonymous AND NOT isExplicit AND NOT EXISTS
                (SELECT 1 FROM containerVolumes AS other
                 WHERE other.volume = name AND other.container <> ?)
                """, .text(id), .text(id)
            ) { row throws(Problem) in try row.text(0) }
        }
        try connection.execute("DELETE FROM containers WHERE id = ?", .text(id))
        for name in orphans {
            try connection.execute("DELETE FROM volumes WHERE name = ?", .text(name))
        }
        return orphans
    }

    private func checkIsFree(name: String) throws(Problem) {
        guard let holder = try holder(ofName: name) else { return }
        throw Problem(
            kind: .conflict,
            what: "Conflict. The container name \"/\(name)\" is already in use",
            why: "by container \"\(holder)\"",
            fix: "remove (or rename) that container to be able to reuse that name")
    }

    /// The ID of the container that has a name, or nil.
    private func holder(ofName name: String) throws(Problem) -> String? {
        try connection.firstRow("SELECT id FROM containers WHERE name = ?", .text(name)) {
            row throws(Problem) in try row.text(0)
        }
    }
}

extension Problem {
    /// A name, an ID or its beginning that no container has.
    static func noSuchContainer(_ text: String) -> Problem {
        Problem(
            kind: .notFound, what: "No such container: \(text)",
            why: "no container has this name or ID", fix: "kade ps -a lists all containers")
    }
}

func isHexDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
}
