import Diagnostics
import Linux
import SystemPackage

extension UserMaps {
    /// Gives a process's new user namespace these maps.
    ///
    /// More than the user's own IDs take `newuidmap(1)` and `newgidmap(1)`, which look them up in
    /// `/etc/subuid` and `/etc/subgid` again.
    ///
    /// - Parameters:
    ///   - process: is in the namespace.
    ///   - searchPath: where the programs are looked for.
    /// - Returns: what the user cannot have without them; nil where nothing is missing.
    /// - Throws: what the kernel or the programs refuse.
    func write(
        toNamespaceOf process: CInt, searchPath: [FilePath]
    ) throws(Problem) -> String? {
        let places = (searchPath.map(\.string) + ["/usr/bin", "/bin"]).joined(separator: ":")
        guard hasSubordinates else {
            try own.writeDirectly(toNamespaceOf: process)
            return Self.missing(
                "no range of IDs in /etc/subuid and /etc/subgid",
                "give one with"
                    + " usermod --add-subuids 100000-165535 --add-subgids 100000-165535")
        }
        guard case .found(let users) = lookUpProgram("newuidmap", searchPath: places),
            case .found(let groups) = lookUpProgram("newgidmap", searchPath: places)
        else {
            try own.writeDirectly(toNamespaceOf: process)
            return Self.missing("no newuidmap and newgidmap", "install Debian's package uidmap")
        }
        try Self.run(users, self.users, process)
        try Self.run(groups, self.groups, process)
        return nil
    }

    private static func missing(_ what: String, _ fix: String) -> String {
        "there is \(what), so that containers have one user, you as their root: images with files"
            + " of others cannot be unpacked; \(fix)"
    }

    private func writeDirectly(toNamespaceOf process: CInt) throws(Problem) {
        try explaining("cannot map your user and group into a user namespace") {
            () throws(SystemCallError) in
            // Without privileges, groups may be mapped only where they cannot be dropped.
            try IDMap.denySetgroups(ofProcess: process)
            try users.write(.users, ofProcess: process)
            try groups.write(.groups, ofProcess: process)
        }
    }

    private static func run(
        _ program: FilePath, _ map: IDMap, _ process: CInt
    ) throws(Problem) {
        let numbers = map.ranges.flatMap { ["\($0.inside)", "\($0.outside)", "\($0.count)"] }
        let result = try explaining("cannot run \(program)") { () throws(SystemCallError) in
            try ExternalProgram(
                path: program, arguments: [program.string, "\(process)"] + numbers, environment: []
            ).run(input: [], timeoutInMilliseconds: nil)
        }
        guard result.status != .exited(0) else { return }
        throw Problem(
            kind: .denied, what: "cannot map your subordinate IDs into a user namespace",
            why: "\(program) refused: \(result.text)",
            fix: "it must be set-user-ID root or have CAP_SETUID and CAP_SETGID, nothing may forbid"
                + " new privileges (setpriv --no-new-privs), and the ranges must be in /etc/subuid"
                + " and /etc/subgid")
    }
}
