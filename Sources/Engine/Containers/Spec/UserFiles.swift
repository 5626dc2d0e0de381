import Diagnostics
import Linux
import SystemPackage

/// What is added to a container's `/etc/passwd` and `/etc/group`.
package struct UserFilesRequest: Sendable, Equatable {
    /// `--passwd`: the program's user gets an entry where the image has none.
    package var addsUser = false
    /// `--hostuser`: users of the host, by name or number.
    package var hostUsers: [String] = []
    /// `--passwd-entry`: the entry of the program's user, with `$USERNAME`, `$UID`, `$GID`,
    /// `$NAME` and `$HOME`.
    package var passwdEntry: String?
    /// `--group-entry`: the entry of the program's group, with `$GROUPNAME`, `$GID` and `$USERLIST`.
    package var groupEntry: String?

    package init() {}
}

/// The texts of `/etc/passwd` and `/etc/group`, pure.
struct UserFiles: Sendable, Equatable {
    var passwd: String
    var group: String

    /// Adds users of the host that the image does not have.
    mutating func add(_ names: [String], from host: UserFiles) throws(Problem) {
        for name in names {
            let line = host.passwd.split(separator: "\n").first { line in
                let fields = line.split(separator: ":", omittingEmptySubsequences: false)
                return fields.count >= 7 && (fields[0] == name || fields[2] == name)
            }
            guard let line, let entry = PasswdEntry(line: line) else {
                throw Problem(
                    kind: .invalid, what: "cannot add the user \(name) of the host",
                    why: "the host's /etc/passwd has no such user", fix: "name one that it has")
            }
            let lookup = UserLookup(passwd: passwd, group: group)
            if lookup.passwd.contains(where: { $0.name == entry.name }) { continue }
            Self.append(String(line), to: &passwd)
            let hostGroup = host.group.split(separator: "\n").first {
                GroupEntry(line: $0)?.gid == entry.gid
            }
            if let hostGroup, !lookup.groups.contains(where: { $0.gid == entry.gid }) {
                Self.append(String(hostGroup), to: &group)
            }
        }
    }

    /// Adds entries for the program's user and group, where there are none.
    mutating func add(_ user: ContainerUser, _ request: UserFilesRequest, directory: String) {
        let lookup = UserLookup(passwd: passwd, group: group)
        let name = "\(user.uid)"
        if !lookup.passwd.contains(where: { $0.uid == user.uid }) {
            let entry = request.passwdEntry ?? "$USERNAME:*:$UID:$GID:$NAME:$HOME:/bin/sh"
            let values = [
                "USERNAME": name, "UID": name, "GID": "\(user.gid)", "NAME": "container user",
                "HOME": directory,
            ]
            Self.append(VariableText.expanded(entry) { values[$0] }, to: &passwd)
        }
        if !lookup.groups.contains(where: { $0.gid == user.gid }) {
            let entry = request.groupEntry ?? "$GROUPNAME:x:$GID:$USERLIST"
            let values = ["GROUPNAME": "\(user.gid)", "GID": "\(user.gid)", "USERLIST": name]
            Self.append(VariableText.expanded(entry) { values[$0] }, to: &group)
        }
    }

    private static func append(_ line: String, to text: inout String) {
        if !text.isEmpty, !text.hasSuffix("\n") { text += "\n" }
        text += line + "\n"
    }
}

/// Texts with `$NAME` and `${NAME}`.
enum VariableText {
    /// The text with values in the place of names; a name without one is nothing, as in a shell.
    static func expanded(_ text: String, _ value: (String) -> String?) -> String {
        var result = ""
        var rest = Substring(text)
        while let character = rest.popFirst() {
            guard character == "$" else {
                result.append(character)
                continue
            }
            let isBraced = rest.first == "{"
            let name = (isBraced ? rest.dropFirst() : rest).prefix {
                $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber)
            }
            let end = rest[name.endIndex...]
            guard !name.isEmpty, !isBraced || end.first == "}" else {
                result.append("$")
                continue
            }
            result += value(String(name)) ?? ""
            rest = isBraced ? end.dropFirst() : end
        }
        return result
    }
}

extension EngineContext {
    /// Writes a container's own `/etc/passwd` and `/etc/group`, where it asks for some, and adds
    /// their mounts.
    ///
    /// - Parameters:
    ///   - files: what its image has, and what came to that.
    ///   - record: the container.
    ///   - input: gets the mounts, unless something else is mounted there.
    /// - Throws: what the kernel refuses.
    func addUserFiles(
        _ files: UserFiles, of record: ContainerRecord, to input: inout SpecInput
    ) throws(Problem) {
        guard record.request.process.userFiles != UserFilesRequest() else { return }
        let bundle = configuration.bundle(of: record.id)
        for (target, path, text) in [
            ("/etc/passwd", bundle.passwd, files.passwd), ("/etc/group", bundle.group, files.group),
        ] where !input.mounts.contains(where: { $0.target == target }) {
            let why = "the container's \(target), with what was asked to be in it"
            try step(.writeFile(path, why)) { () throws(Problem) in
                try explaining("cannot write the users of \(record.name)") {
                    () throws(SystemCallError) in
                    try File.create(
                        path, content: Array(text.utf8),
                        permissions: FilePermissions(rawValue: 0o644))
                }
            }
            input.mounts.append(
                ResolvedMount(
                    target: target, isReadOnly: record.request.security.isRootfsReadOnly,
                    source: .bind(path: path.string, propagation: "rprivate", recursion: .enabled)))
        }
    }

    /// The host's users and groups.
    func hostUserFiles() throws(Problem) -> UserFiles {
        try explaining("cannot read the host's users") { () throws(SystemCallError) in
            UserFiles(
                passwd: try File.readText("/etc/passwd"), group: try File.readText("/etc/group"))
        }
    }
}
