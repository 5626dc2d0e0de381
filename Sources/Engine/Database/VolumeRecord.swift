import Diagnostics

/// A volume that a container uses.
struct VolumeUse: Sendable, Equatable {
    /// The volume's name; 64 hexadecimal digits for an anonymous one.
    var name: String
    /// Whether it goes with its last container.
    var isAnonymous: Bool
    /// The path inside the container.
    var target: String
}

/// The rows of volumes.
extension Transaction {
    /// Notes that a container uses a volume, and makes the volume's row when it has none.
    func use(_ volume: VolumeUse, by id: String, at moment: Timestamp) throws(Problem) {
        try connection.execute(
            """
            INSERT INTO volumes (name, created, isAnonymous) VALUES (?, ?, ?)
            ON CONFLICT (name) DO NOTHING
            """,
            .text(volume.name), .integer(moment.nanosecondsSinceEpoch),
            .boolean(volume.isAnonymous))
        try connection.execute(
            "INSERT INTO containerVolumes (container, volume, target) VALUES (?, ?, ?)",
            .text(id), .text(volume.name), .text(volume.target))
    }

    /// The volumes of a container.
    func volumes(ofContainer id: String) throws(Problem) -> [VolumeUse] {
        try connection.rows(
            """
            SELECT volume, isAnonymous, target FROM containerVolumes
            JOIN volumes ON name = volume WHERE container = ? ORDER BY target
            """, .text(id)
        ) { row throws(Problem) in
            VolumeUse(
                name: try row.text(0), isAnonymous: try row.boolean(1), target: try row.text(2))
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

    /// Whether a volume has got its first content.
    func isFilled(volume name: String) throws(Problem) -> Bool {
        try connection.firstRow("SELECT isFilled FROM volumes WHERE name = ?", .text(name)) {
            row throws(Problem) in try row.boolean(0)
        } ?? false
    }

    /// Notes that a volume has its first content.
    func markFilled(volume name: String) throws(Problem) {
        try connection.execute("UPDATE volumes SET isFilled = 1 WHERE name = ?", .text(name))
    }
}
