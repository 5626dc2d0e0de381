package import Diagnostics
package import Linux
import SystemPackage

extension Problem {
    /// What it means that the kernel refused something about a container's cgroup.
    ///
    /// - Parameters:
    ///   - what: what could not be done: "cannot set linux.resources.memory.limit to 1048576".
    ///   - refusal: the kernel's answer.
    package init(cgroup what: String, _ refusal: SystemCallError) {
        let meaning = CgroupRefusal(refusal)
        self.init(
            kind: meaning.kind, what: what, why: meaning.why, fix: meaning.fix, cause: refusal)
    }

    /// A limit whose controller this machine does not have.
    static func missingController(
        _ controller: CgroupController, for field: String
    ) -> Problem {
        Problem(
            kind: .unsupported, what: "cannot apply \(field)",
            why: "no cgroup hierarchy of this machine has the \(controller.rawValue) controller",
            fix: controller.remedyWhenMissing)
    }

    /// A limit that exists in version 1 only.
    static func onlyInVersion1(_ field: String) -> Problem {
        Problem(
            kind: .unsupported, what: "cannot apply \(field)",
            why: "cgroup version 2 has no such limit", fix: "remove it from config.json")
    }

    /// A value that contradicts the specification.
    static func invalidLimit(_ field: String, _ why: String, fix: String? = nil) -> Problem {
        Problem(kind: .invalid, what: "cannot apply \(field)", why: why, fix: fix)
    }
}

extension CgroupController {
    /// What a user can do about a controller that is not there.
    fileprivate var remedyWhenMissing: String {
        switch self {
        case .memory:
            "mount its hierarchy, start the kernel with cgroup_enable=memory, or run without the limit"
        case .hugetlb, .rdma, .misc, .networkClass, .networkPriority:
            "mount its hierarchy or load its module, or run without the limit"
        default:
            "mount its hierarchy, start a kernel that has it (see /proc/cgroups), or run without the"
                + " limit"
        }
    }
}

/// A refusal of the cgroup file system in words.
private struct CgroupRefusal {
    var kind: Problem.Kind
    var why: String
    var fix: String?

    init(_ refusal: SystemCallError) {
        let subject = refusal.subject
        why = "\(refusal)"
        switch refusal.errno {
        case .permissionDenied, .notPermitted:
            kind = .denied
            why = "this user may not \(refusal.call) \(subject)"
            fix = "run as root, or have the cgroup delegated to the user (systemd: Delegate=yes)"
        case .readOnlyFileSystem:
            kind = .denied
            why = "\(subject) is on a cgroup file system mounted read-only"
            fix = "remount it: mount -o remount,rw /sys/fs/cgroup"
        case .resourceBusy where subject.hasSuffix("cgroup.subtree_control"):
            kind = .conflict
            why = "\(subject): this cgroup holds processes itself, so it may not limit others"
            fix = "move its processes into a cgroup of their own below it"
        case .resourceBusy where refusal.call == "rmdir":
            kind = .conflict
            why = "\(subject) still holds processes"
            fix = "kill them: kade-runtime kill --all ID KILL"
        case .resourceBusy where subject.split(separator: "/").last?.hasPrefix("memory.") == true:
            kind = .conflict
            why = "the container uses more memory than that and nothing more can be reclaimed"
            fix = "choose a limit above what it uses"
        case .resourceBusy:
            kind = .conflict
        case .noSpace, .resourceTemporarilyUnavailable:
            kind = .exhausted
            why = "\(subject): a cgroup above allows no more cgroups or processes"
            fix = "remove cgroups that nobody uses, or raise cgroup.max.descendants or pids.max"
        case .noSuchFileOrDirectory where refusal.call == "open":
            kind = .unsupported
            why = "this kernel has no \(subject)"
            fix = "run without the limit, or on a kernel that has it"
        case .invalidArgument, .outOfRange:
            kind = .invalid
            why = "the kernel does not take this value for \(subject)"
        case .operationNotSupportedByDevice, .noSuchAddressOrDevice:
            kind = .notFound
            why = "\(subject): the machine has no such device"
            fix = "look for the device's numbers with: lsblk --output NAME,MAJ:MIN"
        case .timedOut:
            kind = .unavailable
            why = "a process of the container did not stop in time"
            fix = "look for one in state D: ps -eo pid,stat,wchan,comm"
        default:
            kind = .unavailable
        }
    }
}
