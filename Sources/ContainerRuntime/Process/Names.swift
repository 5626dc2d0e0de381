import Diagnostics
import Linux
import OCI
import SystemPackage

/// The name that `uname(2)` reports inside: `hostname` (sethostname(2)).
struct SetHostname: SetupStep {
    let name: String

    var explanation: Explanation {
        Explanation(
            shell: "hostname \(name)", why: "the container has a name of its own", spec: "hostname")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot set the host name \(name)", fix: "use at most 64 bytes") {
            () throws(SystemCallError) in try HostName.set(name)
        }
    }
}

/// The NIS domain name inside: `domainname` (setdomainname(2)).
struct SetDomainname: SetupStep {
    let name: String

    var explanation: Explanation {
        Explanation(
            shell: "domainname \(name)", why: "the container has a domain name of its own",
            spec: "domainname")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot set the domain name \(name)", fix: "use at most 64 bytes") {
            () throws(SystemCallError) in try HostName.setDomain(name)
        }
    }
}

/// A kernel parameter of one of the container's namespaces: `linux.sysctl` (`/proc/sys`).
struct SetKernelParameter: SetupStep {
    let name: String
    let value: String

    var explanation: Explanation {
        Explanation(
            shell: "sysctl -w \(name)=\(value)", why: "the spec sets this kernel parameter",
            spec: "linux.sysctl")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        // The host's proc, opened before the root was entered: the container's may be anything.
        let path = FilePath("sys").appending(KernelParameter.path(of: name))
        try explaining("cannot set the kernel parameter \(name) to \(value)") {
            () throws(SystemCallError) in
            try context.openProc(path, .writeOnly).writeAll(value)
        }
    }
}

/// Where the kernel has a parameter.
package enum KernelParameter {
    /// The file below `/proc/sys`.
    ///
    /// "net.ipv4.conf.eth0/1.forwarding" is the file "net/ipv4/conf/eth0.1/forwarding": where the
    /// first separator is a dot, dots and slashes change places (sysctl.d(5)).
    package static func path(of name: String) -> String {
        guard let first = name.first(where: { $0 == "." || $0 == "/" }), first == "." else {
            return name
        }
        return String(name.map { $0 == "." ? "/" : $0 == "/" ? "." : $0 })
    }
}
