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
