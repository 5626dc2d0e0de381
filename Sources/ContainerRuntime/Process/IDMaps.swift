import Diagnostics
import Linux
import OCI
import SystemPackage

/// The map of user or group identifiers of a new user namespace: `linux.uidMappings` and
/// `linux.gidMappings` (user_namespaces(7) § uid_map, gid_map).
struct WriteIDMap: SetupStep {
    enum Kind: String { case uid, gid }

    let kind: Kind
    let mappings: [RuntimeSpec.IDMapping]
    /// Whether the runtime may write any map itself (`CAP_SETUID` and `CAP_SETGID` outside).
    let isPrivileged: Bool
    /// The runtime's own effective identifier, which it may map without privileges.
    let ownID: UInt32

    var explanation: Explanation {
        let lines = mappings.map { "\($0.containerID) \($0.hostID) \($0.size)" }
        return Explanation(
            shell: needsHelper
                ? "new\(kind.rawValue)map $pid \(lines.joined(separator: " "))"
                : "printf '\(lines.joined(separator: "\\n"))' > /proc/$pid/\(kind.rawValue)_map",
            why: "says which \(kind == .uid ? "user" : "group") outside each identifier inside is",
            spec: "linux.\(kind.rawValue)Mappings")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        let pid = context.initProcessID ?? 0
        guard !needsHelper else { return try runHelper(pid) }
        if !isPrivileged, kind == .gid { try denySetgroups(pid) }
        let text = mappings.map { "\($0.containerID) \($0.hostID) \($0.size)\n" }.joined()
        try explaining(
            "cannot map the container's \(kind.rawValue)s",
            fix: "map only identifiers that you own, without overlap, at most 340 ranges"
        ) { () throws(SystemCallError) in
            try File.write(text, into: FilePath("/proc/\(pid)/\(kind.rawValue)_map"))
        }
    }

    /// Whether `newuidmap(1)` has to do it: more than one's own identifier, without privileges.
    private var needsHelper: Bool {
        guard !isPrivileged else { return false }
        return mappings.count != 1 || mappings[0].size != 1 || mappings[0].hostID != ownID
    }

    /// Without privileges a group map may be written only once setgroups(2) is out of reach.
    private func denySetgroups(_ pid: CInt) throws(Problem) {
        try explaining("cannot map the container's groups") { () throws(SystemCallError) in
            try File.write("deny", into: FilePath("/proc/\(pid)/setgroups"))
        }
    }

    private func runHelper(_ pid: CInt) throws(Problem) {
        let helper = "new\(kind.rawValue)map"
        guard case .found(let path) = lookUpProgram(helper, searchPath: "/usr/bin:/bin:/usr/sbin")
        else {
            throw Problem(
                kind: .unsupported, what: "cannot map the container's \(kind.rawValue)s",
                why: "without privileges it takes the program \(helper), which is not installed",
                fix: "install it (Debian: apt install uidmap)")
        }
        let numbers = mappings.flatMap { ["\($0.containerID)", "\($0.hostID)", "\($0.size)"] }
        let program = ExternalProgram(
            path: path, arguments: [helper, "\(pid)"] + numbers, environment: [])
        let result = try explaining("cannot run \(path)") { () throws(SystemCallError) in
            try program.run(input: [], timeoutInMilliseconds: nil)
        }
        guard result.status != .exited(0) else { return }
        throw Problem(
            kind: .denied, what: "cannot map the container's \(kind.rawValue)s",
            why: "\(helper) refused: \(result.text)",
            fix: "give yourself the range in /etc/sub\(kind.rawValue)")
    }
}

/// Makes init root of its new user namespace, so that what it makes belongs to the container.
struct BecomeNamespaceRoot: SetupStep {
    var explanation: Explanation {
        Explanation(
            shell: "setpriv --reuid 0 --regid 0 --clear-groups",
            why: "what init makes from here on belongs to the container's root",
            spec: "linux.uidMappings")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        // Without privileges a namespace gives setgroups(2) up to map its groups.
        let rule = try explaining("cannot ask about setgroups(2)") {
            () throws(SystemCallError) in
            String(
                decoding: try context.openProc("self/setgroups", .readOnly).readAll(),
                as: UTF8.self)
        }
        let canSetGroups = !rule.hasPrefix("deny")
        context.canSetGroups = canSetGroups
        try explaining(
            "cannot become root inside the user namespace",
            fix: "map container id 0 in linux.uidMappings and linux.gidMappings"
        ) { () throws(SystemCallError) in
            if canSetGroups { try setAdditionalGroups([]) }
            try setGroup(0)
            try setUser(0)
        }
    }
}
