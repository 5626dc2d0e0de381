import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// Whom the files of a bind mount belong to inside (`owner=`): the owner of its source on the host
/// and a user of the container change places, and likewise their groups.
///
/// Everybody else stays who they are. It is the one mapping in which every file on either side has
/// an owner: what the container's user writes belongs to the host's owner, and files of the user
/// who has the container's number on the host appear as the host owner's.
struct OwnerSwap: Sendable, Equatable {
    /// The numbers that change places; nil where all stay as they are.
    var users: Pair?
    var groups: Pair?

    /// Two numbers that change places.
    struct Pair: Sendable, Equatable {
        var host: UInt32
        var container: UInt32

        /// nil where nothing changes.
        init?(host: UInt32, container: UInt32) {
            guard host != container else { return nil }
            self.host = host
            self.container = container
        }
    }

    /// Whether the mount needs no mapping at all.
    var isEmpty: Bool { users == nil && groups == nil }

    var uidMappings: [RuntimeSpec.IDMapping] { Self.mappings(users) }
    var gidMappings: [RuntimeSpec.IDMapping] { Self.mappings(groups) }

    /// All numbers but −1, which is nobody's, with two of them exchanged.
    private static func mappings(_ pair: Pair?) -> [RuntimeSpec.IDMapping] {
        guard let pair else { return [.init(containerID: 0, hostID: 0, size: .max)] }
        let (low, high) = (min(pair.host, pair.container), max(pair.host, pair.container))
        return [
            .init(containerID: 0, hostID: 0, size: low),
            .init(containerID: low, hostID: high, size: 1),
            .init(containerID: low + 1, hostID: low + 1, size: high - low - 1),
            .init(containerID: high, hostID: low, size: 1),
            .init(containerID: high + 1, hostID: high + 1, size: .max - high - 1),
        ].filter { $0.size > 0 }
    }
}

extension EngineContext {
    /// The users of a container's image, and who its process is.
    func users(of record: ContainerRecord, in rootfs: LayeredRootfs) throws(Problem)
        -> ContainerUsers
    {
        let process = record.request.process
        var files = UserFiles(
            passwd: try rootfs.text("/etc/passwd"), group: try rootfs.text("/etc/group"))
        if !process.userFiles.hostUsers.isEmpty {
            try files.add(process.userFiles.hostUsers, from: hostUserFiles())
        }
        let lookup = UserLookup(passwd: files.passwd, group: files.group)
        let user = try lookup.user(
            process.user ?? "", additionalGroups: process.additionalGroups)
        if process.userFiles.addsUser {
            files.add(user, process.userFiles, directory: process.workingDirectory ?? "/")
        }
        return ContainerUsers(
            lookup: lookup, process: user, files: files, maps: record.request.namespaces.userMaps)
    }
}

/// The users of a container's image, and who its process is.
struct ContainerUsers: Sendable {
    let lookup: UserLookup
    let process: ContainerUser
    /// The container's `/etc/passwd` and `/etc/group`.
    let files: UserFiles
    /// The maps of the container's user namespace; nil for Kade's own.
    let maps: UserMaps?

    /// Understands `owner=`: `auto` for the process's user, a name or number of the image's, with a
    /// group behind a colon.
    ///
    /// A number that the image does not know, without a group, leaves the groups as they are.
    func swap(_ owner: String, ofSource source: FilePath) throws(Problem) -> OwnerSwap {
        let status = try explaining("cannot look at \(source)") { () throws(SystemCallError) in
            try FileStatus(of: source)
        }
        let user =
            owner == "auto" ? process : try lookup.user(owner, additionalGroups: [])
        let hasGroup =
            owner == "auto" || owner.contains(":")
            || lookup.passwd.contains { $0.uid == user.uid }
        let inside = OwnerIDs(user: user.uid, group: user.gid)
        guard let owner = maps.map({ $0.outside(inside) }) ?? inside else {
            throw Problem(
                kind: .invalid, what: "cannot give \(source) the owner \(owner)",
                why: "the container's user namespace has no \(user.uid):\(user.gid)",
                fix: "name a user that it has, or give it more: --userns auto:size=65536")
        }
        return OwnerSwap(
            users: .init(host: status.owner, container: owner.user),
            groups: hasGroup ? .init(host: status.group, container: owner.group) : nil)
    }
}
