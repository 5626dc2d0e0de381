import Diagnostics
import Glibc
import Linux
import OCI
import Storage
import SystemPackage

/// The user namespace of a new container, as far as it follows from the request and the machine.
enum UserNamespaceChoice: Sendable {
    /// Kade's own.
    case host
    /// These maps.
    case maps(UserMaps)
    /// IDs that no other container has, out of these.
    case free(FreeIDs)
    /// The maps of another container, by its name.
    case container(String)

    /// What `auto` chooses from.
    struct FreeIDs: Sendable {
        var wanted: UserNamespaceMode.AutomaticIDs
        /// How many users and groups there have to be.
        var size: UInt32
        var users: SubordinateIDs
        var groups: SubordinateIDs
    }

    /// The maps, once the other containers are known.
    ///
    /// - Parameters:
    ///   - others: all other containers.
    ///   - peer: finds one by its name.
    /// - Returns: the maps; nil for Kade's own user namespace.
    /// - Throws: `.conflict` where there are not enough IDs left.
    func maps(
        besides others: () throws(Problem) -> [ContainerRecord],
        peer: (String) throws(Problem) -> ContainerRecord
    ) throws(Problem) -> UserMaps? {
        switch self {
        case .host: return nil
        case .maps(let maps): return maps
        case .container(let name): return try peer(name).request.namespaces.userMaps
        case .free(let free):
            let taken = try others().compactMap(\.request.namespaces.userMaps)
            return UserMaps(
                users: try free.users.map(
                    size: free.size, with: free.wanted.users, besides: taken.map(\.users),
                    kind: "users"),
                groups: try free.groups.map(
                    size: free.size, with: free.wanted.groups, besides: taken.map(\.groups),
                    kind: "groups"))
        }
    }
}

extension SubordinateIDs {
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

extension EngineContext {
    /// Which user namespace a new container gets, and for `keep-id` who its program is.
    ///
    /// - Parameters:
    ///   - request: merged with the image.
    ///   - isUserGiven: whether somebody said who the program is (`--user`).
    ///   - layers: the image's; they have to be there.
    /// - Returns: what is left to choose.
    /// - Throws: what is wrong with the request, or missing on the machine.
    func chooseUserNamespace(
        of request: inout ContainerRequest, isUserGiven: Bool, layers: [String]
    ) throws(Problem) -> UserNamespaceChoice {
        request.namespaces.userMaps = nil
        let mode = try request.namespaces.userMode()
        switch mode {
        case .host: return .host
        case .container(let name): return .container(name)
        case .isolated:
            let maps = try request.namespaces.userMapping.maps()
            try check(maps)
            request.namespaces.userMapping = UserMappingRequest()
            request.namespaces.user = "private"  // Podman's word for it
            return .maps(maps)
        case .noMap:
            let own = try ownMaps()
            return .maps(
                UserMaps(users: try own.users.withoutOwn(), groups: try own.groups.withoutOwn()))
        case .keepID(let wanted):
            let own = try ownMaps()
            let user = wanted.user ?? own.users.outside(0) ?? 0
            let group = wanted.group ?? own.groups.outside(0) ?? 0
            if !isUserGiven { request.process.user = "\(user):\(group)" }
            try nameKeptUser(in: &request, host: own.users.outside(0) ?? 0)
            let maps = UserMaps(
                users: own.users.keeping(user, size: wanted.size),
                groups: own.groups.keeping(group, size: wanted.size))
            guard maps.root != nil else { throw IDMap.noSubordinates("keep-id") }
            return .maps(maps)
        case .auto(let wanted):
            return .free(try freeIDs(wanted, for: request, layers: layers))
        }
    }

    /// The user keeps the name, too, where the image knows none for the number.
    private func nameKeptUser(
        in request: inout ContainerRequest, host user: UInt32
    ) throws(Problem) {
        guard request.process.userFiles == UserFilesRequest() else { return }
        request.process.userFiles.addsUser = true
        let entry = UserLookup(passwd: try hostUserFiles().passwd, group: "").passwd
            .first { $0.uid == user }
        guard let name = entry?.name else { return }
        request.process.userFiles.passwdEntry = "\(name):*:$UID:$GID:\(name):$HOME:/bin/sh"
    }

    /// The maps of this process's own user namespace.
    func ownMaps() throws(Problem) -> UserMaps {
        try explaining("cannot read the maps of Kade's user namespace") {
            () throws(SystemCallError) in
            UserMaps(
                users: IDMap(parsing: try File.readText("/proc/self/uid_map")),
                groups: IDMap(parsing: try File.readText("/proc/self/gid_map")))
        }
    }

    /// Refuses maps that nobody can have.
    private func check(_ maps: UserMaps) throws(Problem) {
        let own = try ownMaps()
        let isRootless = try isRootless()
        for (name, map, available) in [
            ("uid", maps.users, own.users), ("gid", maps.groups, own.groups),
        ] {
            let what = "cannot use --\(name)map \(map.words.joined(separator: " "))"
            guard map.outside(0) != nil else {
                throw Problem(
                    kind: .invalid, what: what, why: "it has no root: nothing is mapped to 0",
                    fix: "map 0, which sets the container up: --\(name)map 0:100000:65536")
            }
            for range in map.ranges
            where !available.ranges.contains(where: { $0.holds(range) }) {
                throw Problem(
                    kind: .invalid, what: what,
                    why: "\(range.outside) to \(range.outside + (range.count - 1)) are not all IDs"
                        + " that Kade has here (/proc/self/\(name)_map)",
                    fix: isRootless
                        ? "an ordinary user's IDs are counted from 0, the user's own: "
                            + "--\(name)map 0:1:65536" : "name others")
            }
            for (index, range) in map.ranges.enumerated()
            where map.ranges.dropFirst(index + 1).contains(where: { $0.overlaps(range) }) {
                throw Problem(
                    kind: .invalid, what: what, why: "ranges overlap",
                    fix: "give each ID one place")
            }
        }
    }
}

extension UserMappingRequest {
    /// The maps, after Podman's rules: what one kind lacks the other gives.
    fileprivate func maps() throws(Problem) -> UserMaps {
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
    fileprivate var mapFromRoot: IDMap {
        var next: UInt32 = 0
        return IDMap(
            ranges.map { range in
                defer { next += UInt32(range.count) }
                return .init(inside: next, outside: range.lowerBound, count: UInt32(range.count))
            })
    }
}

extension IDMap {
    /// How many IDs of a user's namespace there are beside the user's own.
    private var subordinateCount: UInt32 { UInt32(clamping: count - 1) }

    /// The map of `nomap`: all but the user's own, which is 0.
    fileprivate func withoutOwn() throws(Problem) -> IDMap {
        guard subordinateCount > 0 else {
            throw Self.noSubordinates("nomap")
        }
        return IDMap([.init(inside: 0, outside: 1, count: subordinateCount)])
    }

    /// Who has no IDs but the own one can give none to the container's root.
    fileprivate static func noSubordinates(_ mode: String) -> Problem {
        Problem(
            kind: .unsupported, what: "cannot use --userns \(mode)",
            why: "you have no IDs but your own, and none for the container's root",
            fix: "give yourself some in /etc/subuid and /etc/subgid:"
                + " usermod --add-subuids 100000-165535 --add-subgids 100000-165535")
    }

    /// The map of `keep-id`: the user's own ID, which is 0, has the number that it keeps, and those
    /// of the others around it follow one another.
    fileprivate func keeping(_ own: UInt32, size: UInt32?) -> IDMap {
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
    fileprivate func holds(_ other: IDMap.Range) -> Bool {
        other.outside >= inside
            && UInt64(other.outside) + UInt64(other.count) <= UInt64(inside) + UInt64(count)
    }

    /// Whether an ID has a place in both, on either side.
    fileprivate func overlaps(_ other: IDMap.Range) -> Bool {
        func range(_ first: UInt32, _ count: UInt32) -> Range<UInt64> {
            UInt64(first)..<UInt64(first) + UInt64(count)
        }
        return range(inside, count).overlaps(range(other.inside, other.count))
            || range(outside, count).overlaps(range(other.outside, other.count))
    }
}
