import Diagnostics
import OCI

/// A volume as the database keeps it.
struct VolumeRecord: Sendable, Equatable {
    /// 64 hexadecimal digits where nobody gave one.
    let name: String
    let created: Timestamp
    /// Whether nobody gave it a name: it goes with its last container.
    let isAnonymous: Bool
    let labels: [String: String]
    /// What the driver `local` mounts; see ``LocalVolumeOptions``.
    let options: [String: String]

    /// The label that tells Docker's users that a volume is anonymous.
    static let anonymousLabel = "com.docker.volume.anonymous"

    init(
        name: String, created: Timestamp, isAnonymous: Bool, labels: [String: String],
        options: [String: String]
    ) {
        self.name = name
        self.created = created
        self.isAnonymous = isAnonymous
        self.labels =
            isAnonymous ? labels.merging([Self.anonymousLabel: ""]) { $1 } : labels
        self.options = options
    }
}

/// A volume that a container uses.
struct VolumeUse: Sendable, Equatable {
    /// The volume's name; 64 hexadecimal digits for an anonymous one.
    var name: String
    /// Whether the container did not name it, so that the volume goes with its last container.
    var isAnonymous: Bool
    /// The path inside the container.
    var target: String
    /// What the volume is like when it has to be made.
    var labels: [String: String] = [:]
    var options: [String: String] = [:]
}

extension VolumeRecord {
    static let columns = "name, created, isAnonymous, labels, options"

    /// Reads a row of ``columns``, the first of which has a number.
    init(_ row: SQLiteStatement, from first: Int32 = 0) throws(Problem) {
        let name = try row.text(first)
        func map(_ column: Int32) throws(Problem) -> [String: String] {
            try JSONValue.parse(Array(row.text(column).utf8), named: "the row of volume \(name)")
                .stringMap ?? [:]
        }
        self.init(
            name: name, created: Timestamp(nanosecondsSinceEpoch: try row.integer(first + 1)),
            isAnonymous: try row.boolean(first + 2), labels: try map(first + 3),
            options: try map(first + 4))
    }
}

/// The rows of volumes.
extension Transaction {
    /// Adds a volume's row unless there is one.
    ///
    /// - Returns: whether there was none.
    func insertIfMissing(_ volume: VolumeRecord) throws(Problem) -> Bool {
        guard try self.volume(volume.name) == nil else { return false }
        try connection.execute(
            """
            INSERT INTO volumes (\(VolumeRecord.columns)) VALUES (?, ?, ?, ?, ?)
            """,
            .text(volume.name), .integer(volume.created.nanosecondsSinceEpoch),
            .boolean(volume.isAnonymous), .text(JSONValue.map(volume.labels).jsonString()),
            .text(JSONValue.map(volume.options).jsonString()))
        return true
    }

    /// All volumes, by name.
    func volumes() throws(Problem) -> [VolumeRecord] {
        try connection.rows("SELECT \(VolumeRecord.columns) FROM volumes ORDER BY name") {
            row throws(Problem) in try VolumeRecord(row)
        }
    }

    /// The volume of a name, or nil.
    func volume(_ name: String) throws(Problem) -> VolumeRecord? {
        try connection.firstRow(
            "SELECT \(VolumeRecord.columns) FROM volumes WHERE name = ?", .text(name)
        ) { row throws(Problem) in try VolumeRecord(row) }
    }

    /// Takes a volume's row away; the caller has seen that nobody uses it.
    func delete(volume name: String) throws(Problem) {
        try connection.execute("DELETE FROM volumes WHERE name = ?", .text(name))
    }

    /// The IDs of the containers that use a volume.
    func containers(ofVolume name: String) throws(Problem) -> [String] {
        try connection.rows(
            "SELECT DISTINCT container FROM containerVolumes WHERE volume = ? ORDER BY container",
            .text(name)
        ) { row throws(Problem) in try row.text(0) }
    }

    /// Notes that a container uses a volume, and makes the volume's row when it has none.
    ///
    /// - Returns: whether it had none.
    @discardableResult
    func use(
        _ volume: VolumeUse, by id: String, at moment: Timestamp
    ) throws(Problem) -> Bool {
        let isNew = try insertIfMissing(
            VolumeRecord(
                name: volume.name, created: moment, isAnonymous: volume.isAnonymous,
                labels: volume.labels, options: volume.options))
        try connection.execute(
            """
            INSERT INTO containerVolumes (container, volume, target, isExplicit)
            VALUES (?, ?, ?, ?)
            """,
            .text(id), .text(volume.name), .text(volume.target), .boolean(!volume.isAnonymous))
        return isNew
    }

    /// The volumes of a container.
    func volumes(ofContainer id: String) throws(Problem) -> [VolumeUse] {
        try connection.rows(
            """
            SELECT target, NOT isExplicit, \(VolumeRecord.columns) FROM containerVolumes
            JOIN volumes ON name = volume WHERE container = ? ORDER BY target
            """, .text(id)
        ) { row throws(Problem) in
            let volume = try VolumeRecord(row, from: 2)
            return VolumeUse(
                name: volume.name, isAnonymous: try row.boolean(1), target: try row.text(0),
                labels: volume.labels, options: volume.options)
        }
    }

    /// The names of all volumes, and how many containers use each.
    func volumeLinks() throws(Problem) -> [String: Int] {
        let rows = try connection.rows(
            """
            SELECT name, (SELECT count(DISTINCT container) FROM containerVolumes
                          WHERE volume = name) FROM volumes
            """
        ) { row throws(Problem) in (try row.text(0), Int(try row.integer(1))) }
        return Dictionary(rows, uniquingKeysWith: +)
    }
}
