import Diagnostics

/// Finds a container's user in the image's `/etc/passwd` and `/etc/group`, as runc does.
///
/// A number is always an ID, also where a name consists of the same digits: who checks that a
/// container does not run as root can rely on it (image-spec, conversion.md § Config.User).
struct UserLookup: Sendable {
    /// The lines of `/etc/passwd`; empty when the image has none.
    let passwd: [PasswdEntry]
    /// The lines of `/etc/group`.
    let groups: [GroupEntry]

    init(passwd: String, group: String) {
        self.passwd = passwd.split(separator: "\n").compactMap { PasswdEntry(line: $0) }
        self.groups = group.split(separator: "\n").compactMap { GroupEntry(line: $0) }
    }

    /// Understands `user[:group]`, each a name or a number, and `--group-add`.
    func user(
        _ text: String, additionalGroups: [String]
    ) throws(Problem) -> ContainerUser {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first.map(String.init) ?? ""
        var user = ContainerUser(uid: 0, gid: 0, additionalGroups: [], home: "/")
        let number = name.isEmpty ? 0 : UInt32(name)
        let entry = passwd.first { number == nil ? $0.name == name : $0.uid == number }
        if let entry {
            user = ContainerUser(
                uid: entry.uid, gid: entry.gid, additionalGroups: [], home: entry.home)
        } else if let uid = UInt32(name), uid <= Int32.max {
            user.uid = uid
        } else if !name.isEmpty {
            throw Problem(
                kind: .invalid, what: "unable to find user \(name)",
                why: "no matching entries in passwd file",
                fix: "use a number, or a user that the image has")
        }
        if parts.count > 1, !parts[1].isEmpty {
            user.gid = try group(String(parts[1]))
        } else if let entry {
            user.additionalGroups = groups.filter { $0.members.contains(entry.name) }.map(\.gid)
        }
        for group in additionalGroups where group != ProcessRequest.keptGroups {
            user.additionalGroups.append(try self.group(group))
        }
        // The primary group is one of them, as execve would not add it (CVE-2022-36109).
        user.additionalGroups = [user.gid] + user.additionalGroups.filter { $0 != user.gid }
        return user
    }

    private func group(_ text: String) throws(Problem) -> UInt32 {
        if let gid = UInt32(text) {
            if gid <= Int32.max { return gid }
        } else if let entry = groups.first(where: { $0.name == text }) {
            return entry.gid
        }
        throw Problem(
            kind: .invalid, what: "unable to find group \(text)",
            why: "no matching entries in group file",
            fix: "use a number, or a group that the image has")
    }
}

/// A line of passwd(5).
struct PasswdEntry: Sendable, Equatable {
    var name: String
    var uid: UInt32
    var gid: UInt32
    var home: String

    init?(line: Substring) {
        let fields = line.split(separator: ":", omittingEmptySubsequences: false)
        guard fields.count >= 6, let uid = UInt32(fields[2]), let gid = UInt32(fields[3]) else {
            return nil
        }
        name = String(fields[0])
        self.uid = uid
        self.gid = gid
        home = fields[5].isEmpty ? "/" : String(fields[5])
    }
}

/// A line of group(5).
struct GroupEntry: Sendable, Equatable {
    var name: String
    var gid: UInt32
    var members: [String]

    init?(line: Substring) {
        let fields = line.split(separator: ":", omittingEmptySubsequences: false)
        guard fields.count >= 4, let gid = UInt32(fields[2]) else { return nil }
        name = String(fields[0])
        self.gid = gid
        members = fields[3].split(separator: ",").map(String.init)
    }
}
