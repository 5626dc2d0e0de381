package import Diagnostics
package import Linux
import OCI
import SystemPackage

/// Enters a mount namespace that exists, and takes its root as the own one: `linux.namespaces`
/// with type `mount` and a path (setns(2)).
struct JoinMountNamespace: SetupStep {
    let path: FilePath

    var explanation: Explanation {
        Explanation(
            shell: "nsenter --mount=\(path)", why: "the container uses mounts that exist already",
            spec: "linux.namespaces")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        let namespace = try JoinedNamespace(kind: .mount, path: path).open()
        try explaining("cannot join the mount namespace \(path)") { () throws(SystemCallError) in
            try Namespaces.enter(namespace, .mount)
        }
    }
}

/// Makes the cgroup that init is in the root of what it sees of cgroups (cgroup_namespaces(7)).
struct UnshareCgroupNamespace: SetupStep {
    var explanation: Explanation {
        Explanation(
            shell: "unshare --cgroup", why: "the container sees its own cgroup as the root",
            spec: "linux.namespaces")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot make a cgroup namespace") { () throws(SystemCallError) in
            try Namespaces.unshare(.newCgroup)
        }
    }
}

/// Makes System V IPC and message queues of the container's own, which belong to the root of its user
/// namespace (ipc_namespaces(7), mq_overview(7)).
struct UnshareIPCNamespace: SetupStep {
    var explanation: Explanation {
        Explanation(
            shell: "unshare --ipc",
            why: "the container's message queues are its root's, who is there only now",
            spec: "linux.namespaces")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot make an IPC namespace") { () throws(SystemCallError) in
            try Namespaces.unshare(.newIPC)
        }
    }
}

/// Gives the container clocks of its own: `linux.timeOffsets` (time_namespaces(7)).
///
/// The offsets can be set only before anyone is in the namespace; entering it through
/// `time_for_children` is then allowed at once.
struct UnshareTimeNamespace: SetupStep {
    let offsets: [String: RuntimeSpec.TimeOffset]

    private var lines: String {
        offsets.sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value.secs ?? 0) \($0.value.nanosecs ?? 0)\n" }.joined()
    }

    var explanation: Explanation {
        Explanation(
            shell:
                "unshare --time; printf '\(lines.split(separator: "\n").joined(separator: "\\n"))'"
                + " > /proc/self/timens_offsets",
            why: "the container's monotonic and boot clocks differ from the host's",
            spec: "linux.timeOffsets")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot make a time namespace") { () throws(SystemCallError) in
            try Namespaces.unshare(.newTime)
            if !offsets.isEmpty {
                try context.openProc("self/timens_offsets", .writeOnly).writeAll(lines)
            }
            try Namespaces.enter(
                context.openProcLink("time_for_children", in: "self/ns", .readOnly), .time)
        }
    }
}

/// Switches the loopback device of a new network namespace on.
struct RaiseLoopback: SetupStep {
    var explanation: Explanation {
        Explanation(
            shell: "ip link set lo up", why: "a new network namespace has 127.0.0.1, switched off",
            spec: "linux.namespaces")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot switch the loopback device on") { () throws(SystemCallError) in
            try Loopback.switchOn()
        }
    }
}

extension JoinedNamespace {
    /// Opens the namespace's file and checks what it stands for.
    package func open() throws(Problem) -> OwnedFD {
        let namespace = try explaining(
            "cannot join the \(kind.rawValue) namespace \(path)",
            fix: "check that the process or the file it belongs to still exists"
        ) { () throws(SystemCallError) in try OwnedFD.open(path, .readOnly) }
        let actual: NamespaceKind?
        do throws(SystemCallError) {
            actual = try Namespaces.kind(of: namespace)
        } catch {
            throw Problem(
                kind: .invalid, what: "cannot join the \(kind.rawValue) namespace \(path)",
                why: "the file is no namespace",
                fix: "name a file like /proc/4711/ns/\(kind.fileName)",
                cause: error)
        }
        guard actual == kind else {
            throw Problem(
                kind: .invalid, what: "cannot join the \(kind.rawValue) namespace \(path)",
                why: "it is a \(actual?.rawValue ?? "foreign") namespace",
                fix: "name the right file, like /proc/4711/ns/\(kind.fileName)")
        }
        return namespace
    }
}
