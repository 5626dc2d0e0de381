import Linux

/// The IDs that an ordinary user may give to others: `/etc/subuid` and `/etc/subgid` (subuid(5)).
struct SubordinateIDs: Equatable {
    /// The ranges, each by its first ID and its length.
    var ranges: [Range<UInt32>]

    /// Reads the file's lines, `NAME:FIRST:COUNT`, of one user, who may be a name or a number there.
    ///
    /// - Parameters:
    ///   - text: the file's content; lines that are none are left out.
    ///   - names: what the user is called.
    init(parsing text: String, of names: [String]) {
        ranges = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 3, names.contains(String(fields[0])),
                let first = UInt32(fields[1]), let count = UInt32(fields[2]), count > 0,
                !first.addingReportingOverflow(count).overflow
            else { return nil }
            return first..<first + count
        }
    }

    /// The map of a user namespace whose root is the user, and whose others are these.
    ///
    /// - Parameter own: the user's own ID, or its group's.
    /// - Returns: the map, with own as 0 and the ranges from 1 on.
    func map(own: UInt32) -> IDMap {
        var map = [IDMap.Range(inside: 0, outside: own, count: 1)]
        var next: UInt32 = 1
        for range in ranges where !range.isEmpty {
            map.append(
                .init(inside: next, outside: range.lowerBound, count: UInt32(range.count)))
            next += UInt32(range.count)
        }
        return IDMap(map)
    }
}
