import GRDB

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
extension GRDB.Database {
    /// Notes that a container uses a volume, and makes the volume's row when it has none.
    func use(_ volume: VolumeUse, by id: String, at moment: Timestamp) throws {
        try execute(
            sql: """
                INSERT INTO volumes (name, created, isAnonymous) VALUES (?, ?, ?)
                ON CONFLICT (name) DO NOTHING
                """,
            arguments: [volume.name, moment.nanosecondsSinceEpoch, volume.isAnonymous])
        try execute(
            sql: "INSERT INTO containerVolumes (container, volume, target) VALUES (?, ?, ?)",
            arguments: [id, volume.name, volume.target])
    }

    /// The volumes of a container.
    func volumes(ofContainer id: String) throws -> [VolumeUse] {
        try Row.fetchAll(
            self,
            sql: """
                SELECT volume, isAnonymous, target FROM containerVolumes
                JOIN volumes ON name = volume WHERE container = ? ORDER BY target
                """,
            arguments: [id]
        ).map { VolumeUse(name: $0[0], isAnonymous: $0[1], target: $0[2]) }
    }

    /// Whether a volume has got its first content.
    func isFilled(volume name: String) throws -> Bool {
        try Bool.fetchOne(
            self, sql: "SELECT isFilled FROM volumes WHERE name = ?", arguments: [name]) ?? false
    }

    /// Notes that a volume has its first content.
    func markFilled(volume name: String) throws {
        try execute(sql: "UPDATE volumes SET isFilled = 1 WHERE name = ?", arguments: [name])
    }
}
