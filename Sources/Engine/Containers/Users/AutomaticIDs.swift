import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

/// `--userns auto`: how many IDs a container needs, and whose they are.
extension EngineContext {
    /// Podman's least number of users of `auto`.
    private static let leastAutomaticSize: UInt32 = 1024
    /// The user whose ranges root's `auto` takes.
    private static let automaticOwner = "containers"

    /// What `auto` chooses a container's IDs from.
    func freeIDs(
        _ wanted: UserNamespaceMode.AutomaticIDs, for request: ContainerRequest, layers: [String]
    ) throws(Problem) -> UserNamespaceChoice.FreeIDs {
        let size: UInt32
        if let given = wanted.size {
            size = given
        } else {
            size = try sizeNeeded(by: request, layers: layers)
        }
        guard try !isRootless() else {
            let own = try ownMaps()
            return .init(
                wanted: wanted, size: size, users: SubordinateIDs(of: own.users),
                groups: SubordinateIDs(of: own.groups))
        }
        return .init(
            wanted: wanted, size: size,
            users: try SubordinateIDs(of: Self.automaticOwner, in: "/etc/subuid"),
            groups: try SubordinateIDs(of: Self.automaticOwner, in: "/etc/subgid"))
    }

    /// How many users and groups a container needs: those of the image's files of users, those whom
    /// its files belong to, and whom its program is.
    ///
    /// Nobody, whose number is far above all others, is not counted, as in Podman.
    private func sizeNeeded(
        by request: ContainerRequest, layers: [String]
    ) throws(Problem) -> UInt32 {
        var directories: [FilePath] = []
        var owners: [UInt32] = []
        if let directory = request.rootfs {
            directories = [FilePath(directory.path)]
        } else if plan == nil {
            var diffIDs: [Digest] = []
            for layer in layers { diffIDs.append(try Digest(parsing: layer)) }
            try restore(diffIDs, exceptArriving: false)
            directories = try Snapshots(root: configuration.dataRoot).lower(of: diffIDs)
            let store = Layers(reading: configuration.dataRoot)
            for diffID in diffIDs { owners.append(try store.record(of: diffID).highestID ?? 0) }
        }
        let rootfs = LayeredRootfs(
            layers: directories, store: Layers(reading: configuration.dataRoot))
        let lookup = UserLookup(
            passwd: try rootfs.text("/etc/passwd"), group: try rootfs.text("/etc/group"))
        // A plan has not looked into the image.
        let user =
            plan == nil
            ? try lookup.user(
                request.process.user ?? "", additionalGroups: request.process.additionalGroups)
            : .root
        let users: [UInt32] = lookup.passwd.filter { $0.name != "nobody" }
            .flatMap { [$0.uid, $0.gid] }
        let groups: [UInt32] = lookup.groups
            .filter { $0.name != "nobody" && $0.name != "nogroup" }.map { $0.gid }
        let highest =
            (users + groups + owners + [user.uid, user.gid] + user.additionalGroups).max() ?? 0
        return max(Self.leastAutomaticSize, highest == .max ? highest : highest + 1)
    }
}
