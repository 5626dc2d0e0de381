import Diagnostics
import Glibc
import Linux
import SystemPackage

/// An ordinary user who runs Kade, and the IDs that the user's containers may have.
struct RootlessUser {
    let uid: UInt32
    let gid: UInt32
    /// The names that `/etc/subuid` may have for the user.
    let names: [String]

    /// The user of this process.
    ///
    /// - Parameter environment: `USER` is asked where `/etc/passwd` does not know the user.
    /// - Throws: when `/etc/passwd` cannot be read.
    init(environment: [String]) throws(Problem) {
        uid = geteuid()
        gid = getegid()
        let passwd = try Self.text(of: "/etc/passwd")
        let variable = environment.first { $0.hasPrefix("USER=") }.map { String($0.dropFirst(5)) }
        let known = passwd.split(separator: "\n").lazy.compactMap { PasswdEntry(line: $0) }
            .first { [uid] in $0.uid == uid }?.name
        names = [known ?? variable, "\(uid)"].compactMap(\.self)
    }

    /// Who may be what in the user's namespace.
    func maps() throws(Problem) -> UserMaps {
        let users = SubordinateIDs(parsing: try Self.text(of: "/etc/subuid"), of: names)
        let groups = SubordinateIDs(parsing: try Self.text(of: "/etc/subgid"), of: names)
        return UserMaps(users: users.map(own: uid), groups: groups.map(own: gid))
    }

    private static func text(of path: FilePath) throws(Problem) -> String {
        try explaining("cannot read \(path)") { () throws(SystemCallError) in
            do throws(SystemCallError) {
                return try File.readText(path)
            } catch  where error.errno == .noSuchFileOrDirectory {
                return ""
            }
        }
    }
}

extension UserMaps {
    /// Whether there are more users and groups than the user's own.
    var hasSubordinates: Bool { users.ranges.count > 1 && groups.ranges.count > 1 }

    /// Only the user and the user's group.
    var own: UserMaps {
        UserMaps(
            users: IDMap(Array(users.ranges.prefix(1))),
            groups: IDMap(Array(groups.ranges.prefix(1))))
    }
}
