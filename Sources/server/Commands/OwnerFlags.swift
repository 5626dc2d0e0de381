import Diagnostics
import Linux

/// `--users RANGES` and `--groups RANGES`: the maps of the user namespace in which owners of files
/// are those of an archive; ranges are `INSIDE:OUTSIDE:COUNT`, with commas between.
struct OwnerFlags {
    private var users: IDMap?
    private var groups: IDMap?

    /// The maps; nil without the flags.
    var maps: UserMaps? {
        guard let users, let groups else { return nil }
        return UserMaps(users: users, groups: groups)
    }

    /// Takes a flag.
    ///
    /// - Returns: whether it is one of the two.
    mutating func take(_ flag: String, from reading: inout FlagReading) throws(Problem) -> Bool {
        switch flag {
        case "--users": users = try Self.map(of: flag, in: &reading)
        case "--groups": groups = try Self.map(of: flag, in: &reading)
        default: return false
        }
        return true
    }

    private static func map(
        of flag: String, in reading: inout FlagReading
    ) throws(Problem) -> IDMap {
        let words = try reading.value(of: flag).split(separator: ",").map(String.init)
        let map = IDMap(words: words)
        guard map.ranges.count == words.count else {
            throw reading.mistake("\(flag) takes ranges INSIDE:OUTSIDE:COUNT")
        }
        return map
    }
}
