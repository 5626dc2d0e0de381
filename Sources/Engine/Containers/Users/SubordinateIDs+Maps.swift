import Diagnostics
import Linux
import OCI
import SystemPackage

extension SubordinateIDs {
    /// The ranges of a user, who has to have some.
    init(of name: String, in file: FilePath) throws(Problem) {
        var names = [name]
        let passwd = try explaining("cannot read /etc/passwd") { () throws(SystemCallError) in
            try File.readText("/etc/passwd")
        }
        if let entry = UserLookup(passwd: passwd, group: "").passwd.first(where: { $0.name == name }
        ) {
            names.append("\(entry.uid)")
        }
        let text = try explaining("cannot read \(file)") { () throws(SystemCallError) in
            do throws(SystemCallError) {
                return try File.readText(file)
            } catch  where error.errno == .noSuchFileOrDirectory {
                return ""
            }
        }
        self.init(parsing: text, of: names)
        guard !ranges.isEmpty else {
            throw Problem(
                kind: .invalid, what: "cannot choose IDs for the container",
                why: "no subordinate ranges found for user \"\(name)\" in \(file)",
                fix: "give some in /etc/subuid and /etc/subgid:"
                    + " echo \(name):2147483647:2147483648 >> \(file)")
        }
    }

    /// What an ordinary user may give to others: all of the own user namespace but its root.
    init(of map: IDMap) {
        ranges = map.ranges.flatMap { range -> [Range<UInt32>] in
            let all = range.inside..<range.inside + range.count
            return [max(1, all.lowerBound)..<max(1, all.upperBound)].filter { !$0.isEmpty }
        }
    }

    /// The map whose IDs from 0 on are these.
    var mapFromRoot: IDMap {
        var next: UInt32 = 0
        return IDMap(
            ranges.map { range in
                defer { next += UInt32(range.count) }
                return .init(inside: next, outside: range.lowerBound, count: UInt32(range.count))
            })
    }

    /// A map of so many IDs onto those that no other map has.
    ///
    /// - Parameters:
    ///   - size: how many there are inside, from 0 on.
    ///   - fixed: ranges that have to be there as they are.
    ///   - others: the maps of others.
    ///   - kind: "users" or "groups", for the error.
    /// - Returns: the map, in the order of the IDs inside.
    /// - Throws: `.conflict` where too few are free.
    func map(
        size: UInt32, with fixed: [IDMap.Range], besides others: [IDMap], kind: String
    ) throws(Problem) -> IDMap {
        let taken = (others.flatMap(\.ranges) + fixed).map { $0.outside..<$0.outside + $0.count }
        var free = Self.ranges(ranges, without: taken)
        var missing = Self.ranges(
            [0..<size], without: fixed.map { $0.inside..<$0.inside + $0.count })
        let needed = missing.reduce(0) { $0 + $1.count }
        // One range that holds them all is easier to read than parts of several.
        if let whole = free.first(where: { $0.count >= needed }) { free = [whole] }
        guard free.reduce(0, { $0 + $1.count }) >= needed else {
            throw Problem(
                kind: .conflict, what: "cannot choose \(needed) \(kind) for the container",
                why: "could not find enough available IDs: "
                    + "\(free.reduce(0) { $0 + $1.count }) are free",
                fix: "remove containers, use auto:size=, or give more in /etc/subuid and"
                    + " /etc/subgid")
        }
        var map = fixed
        while let inside = missing.first, let outside = free.first {
            let count = min(inside.count, outside.count)
            map.append(
                .init(
                    inside: inside.lowerBound, outside: outside.lowerBound, count: UInt32(count)))
            missing[0] = inside.dropFirst(count)
            free[0] = outside.dropFirst(count)
            if missing[0].isEmpty { missing.removeFirst() }
            if free[0].isEmpty { free.removeFirst() }
        }
        return IDMap(map.sorted { $0.inside < $1.inside })
    }

    /// Ranges without the IDs of others.
    private static func ranges(
        _ ranges: [Range<UInt32>], without others: [Range<UInt32>]
    ) -> [Range<UInt32>] {
        var rest = ranges
        for other in others {
            rest = rest.flatMap { range in
                guard range.overlaps(other) else { return [range] }
                return [
                    range.lowerBound..<max(range.lowerBound, other.lowerBound),
                    min(range.upperBound, other.upperBound)..<range.upperBound,
                ].filter { !$0.isEmpty }
            }
        }
        return rest.filter { !$0.isEmpty }
    }
}
