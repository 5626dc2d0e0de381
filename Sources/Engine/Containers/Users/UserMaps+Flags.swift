import Diagnostics
import Linux
import OCI
import SystemPackage

extension UserMappingRequest {
    /// The maps, after Podman's rules: what one kind lacks the other gives.
    func maps() throws(Problem) -> UserMaps {
        var (users, groups) = (users, groups)
        if groups.isEmpty { groups = self.users }
        if users.isEmpty { users = self.groups }
        let user = subordinateUser.isEmpty ? subordinateGroup : subordinateUser
        let group = subordinateGroup.isEmpty ? subordinateUser : subordinateGroup
        var maps = UserMaps(users: IDMap([]), groups: IDMap([]))
        if !user.isEmpty {
            maps.users = try SubordinateIDs(of: user, in: "/etc/subuid").mapFromRoot
            maps.groups = try SubordinateIDs(of: group, in: "/etc/subgid").mapFromRoot
        }
        maps.users.ranges += try Self.ranges(users, flag: "uidmap")
        maps.groups.ranges += try Self.ranges(groups, flag: "gidmap")
        return maps
    }

    private static func ranges(
        _ words: [String], flag: String
    ) throws(Problem) -> [IDMap.Range] {
        try words.map { word throws(Problem) in
            guard let range = IDMap.Range(word: word) else {
                throw Problem(
                    kind: .invalid, what: "cannot use --\(flag) \(word)",
                    why: "initializing ID mappings: the setting is malformed, expected"
                        + " \"uint32:uint32:uint32\"",
                    fix: "--\(flag) 0:100000:65536 makes 65536 IDs from 100000 on those inside"
                        + " from 0 on")
            }
            return range
        }
    }
}

extension IDMap {
    /// How many IDs of a user's namespace there are beside the user's own.
    private var subordinateCount: UInt32 { UInt32(clamping: count - 1) }

    /// The map of `nomap`: all but the user's own, which is 0.
    func withoutOwn() throws(Problem) -> IDMap {
        guard subordinateCount > 0 else {
            throw Self.noSubordinates("nomap")
        }
        return IDMap([.init(inside: 0, outside: 1, count: subordinateCount)])
    }

    /// Who has no IDs but the own one can give none to the container's root.
    static func noSubordinates(_ mode: String) -> Problem {
        Problem(
            kind: .unsupported, what: "cannot use --userns \(mode)",
            why: "you have no IDs but your own, and none for the container's root",
            fix: "give yourself some in /etc/subuid and /etc/subgid:"
                + " usermod --add-subuids 100000-165535 --add-subgids 100000-165535")
    }

    /// The map of `keep-id`: the user's own ID, which is 0, has the number that it keeps, and those
    /// of the others around it follow one another.
    func keeping(_ own: UInt32, size: UInt32?) -> IDMap {
        let most = min(subordinateCount, size.map { $0 - min($0, 1) } ?? .max)
        let before = min(own, most)
        var ranges: [Range] = []
        if before > 0 { ranges.append(.init(inside: 0, outside: 1, count: before)) }
        ranges.append(.init(inside: own, outside: 0, count: 1))
        if most > own {
            ranges.append(.init(inside: own + 1, outside: own + 1, count: most - own))
        }
        return IDMap(ranges)
    }
}

extension IDMap.Range {
    /// Whether all IDs that another range maps to are inside this one.
    func holds(_ other: IDMap.Range) -> Bool {
        other.outside >= inside
            && UInt64(other.outside) + UInt64(other.count) <= UInt64(inside) + UInt64(count)
    }

    /// Whether an ID has a place in both, on either side.
    func overlaps(_ other: IDMap.Range) -> Bool {
        func range(_ first: UInt32, _ count: UInt32) -> Range<UInt64> {
            UInt64(first)..<UInt64(first) + UInt64(count)
        }
        return range(inside, count).overlaps(range(other.inside, other.count))
            || range(outside, count).overlaps(range(other.outside, other.count))
    }
}
