import CLinux
import SystemPackage

/// The kinds of namespaces (`namespaces(7)`), by the runtime-spec's names.
package enum NamespaceKind: String, Sendable, Hashable, CaseIterable {
    /// `CLONE_NEWUSER`: users, groups, capabilities.
    case user
    /// `CLONE_NEWNS`: the mount table.
    case mount
    /// `CLONE_NEWNET`: the network stack.
    case network
    /// `CLONE_NEWIPC`: System V IPC and POSIX message queues.
    case ipc
    /// `CLONE_NEWUTS`: host and domain name.
    case uts
    /// `CLONE_NEWCGROUP`: the cgroup root.
    case cgroup
    /// `CLONE_NEWPID`: process identifiers, for children.
    case pid
    /// `CLONE_NEWTIME`: the clocks' offsets, for children.
    case time

    /// The kernel's flag.
    package var flag: CloneFlags {
        switch self {
        case .user: .newUser
        case .mount: .newMount
        case .network: .newNetwork
        case .ipc: .newIPC
        case .uts: .newUTS
        case .cgroup: .newCgroup
        case .pid: .newPID
        case .time: .newTime
        }
    }

    /// The name of its file in `/proc/<pid>/ns`.
    package var fileName: String {
        switch self {
        case .mount: "mnt"
        case .network: "net"
        default: rawValue
        }
    }
}

/// Moving this process between namespaces.
package enum Namespaces {
    /// Leaves namespaces for new ones of its own.
    ///
    /// The system call is `unshare(2)`. New pid and time namespaces are for the next child.
    package static func unshare(_ flags: CloneFlags) throws(SystemCallError) {
        try kernel("unshare", "namespaces") {
            clinux_unshare(CInt(truncatingIfNeeded: flags.rawValue))
        }
    }

    /// Enters the namespace that a descriptor is open on, which must be of this kind.
    ///
    /// The system call is `setns(2)`.
    package static func enter(
        _ namespace: borrowing OwnedFD, _ kind: NamespaceKind
    ) throws(SystemCallError) {
        let descriptor = namespace.rawValue
        try kernel("setns", "\(kind.rawValue) namespace") {
            clinux_setns(descriptor, CInt(truncatingIfNeeded: kind.flag.rawValue))
        }
    }

    /// Enters several namespaces of a process at once.
    ///
    /// The system call is `setns(2)` with a process descriptor, since Linux 5.8.
    package static func enter(
        ofProcess process: borrowing OwnedFD, _ kinds: CloneFlags
    ) throws(SystemCallError) {
        let descriptor = process.rawValue
        try kernel("setns", "namespaces of a process") {
            clinux_setns(descriptor, CInt(truncatingIfNeeded: kinds.rawValue))
        }
    }

    /// What kind of namespace a descriptor is open on; fails with ENOTTY where it is none.
    ///
    /// The system call is `ioctl(2)` with `NS_GET_NSTYPE` (`ioctl_ns(2)`).
    package static func kind(of namespace: borrowing OwnedFD) throws(SystemCallError)
        -> NamespaceKind?
    {
        let descriptor = namespace.rawValue
        let flag = try kernel("ioctl", "NS_GET_NSTYPE") { clinux_ns_get_nstype(descriptor) }
        return NamespaceKind.allCases.first { $0.flag.rawValue == UInt64(flag) }
    }

    /// The user namespace that owns a namespace.
    ///
    /// The system call is `ioctl(2)` with `NS_GET_USERNS` (`ioctl_ns(2)`).
    package static func owner(of namespace: borrowing OwnedFD) throws(SystemCallError)
        -> OwnedFD
    {
        let descriptor = namespace.rawValue
        return OwnedFD(
            adopting: try kernel("ioctl", "NS_GET_USERNS") { clinux_ns_get_userns(descriptor) })
    }

    /// How many mounts the process sees beneath its root, counted up to a number.
    ///
    /// The system call is `listmount(2)`, since Linux 6.8.
    package static func mountCount(upTo most: Int) throws(SystemCallError) -> Int {
        Int(try kernel("listmount", "the process's mounts") { clinux_count_mounts(UInt64(most)) })
    }

    /// Whether a descriptor and a process's own namespace are the same one.
    package static func isCurrent(
        _ namespace: borrowing OwnedFD, _ kind: NamespaceKind
    ) throws(SystemCallError) -> Bool {
        let own = try FileStatus(of: FilePath("/proc/self/ns/\(kind.fileName)"))
        return try FileStatus(of: namespace).identity == own.identity
    }
}

/// The names that a UTS namespace holds.
package enum HostName {
    /// Sets the host's name.
    ///
    /// The system call is `sethostname(2)`.
    package static func set(_ name: String) throws(SystemCallError) {
        try kernel("sethostname", name) { clinux_sethostname(name, UInt64(name.utf8.count)) }
    }

    /// Sets the NIS domain's name.
    ///
    /// The system call is `setdomainname(2)`.
    package static func setDomain(_ name: String) throws(SystemCallError) {
        try kernel("setdomainname", name) { clinux_setdomainname(name, UInt64(name.utf8.count)) }
    }
}
