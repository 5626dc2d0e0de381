import Diagnostics
import Glibc
import Linux
import SystemPackage

/// Which cgroups Kade may give its containers.
enum CgroupAccess: Sendable, Equatable {
    /// Every one of the machine.
    case machine
    /// Those beside its own: somebody delegated the one above (cgroups(7) § Cgroup delegation).
    case delegated
    /// None, for this reason and with this remedy: a container shares the cgroup of its caller.
    case none(why: String, fix: String)

    /// Docker's word for who makes cgroups.
    var driver: String {
        if case .none = self { "none" } else { "cgroupfs" }
    }

    /// What an ordinary user may do with the machine's hierarchies.
    init(ofUserOn layout: CgroupLayout) {
        guard layout.isUnified, let unified = layout.unified else {
            self = .none(
                why: "this machine has cgroups of version 1, which the kernel lets root alone use",
                fix: "boot with systemd.unified_cgroup_hierarchy=1, or run kade as root")
            return
        }
        let parent = unified.directory(of: unified.ownPath).removingLastComponent()
        // Not what the rights of the user namespace's root say, which are none over root's files.
        let isWritable = ["", "cgroup.procs", "cgroup.subtree_control"].allSatisfy { name in
            let path = name.isEmpty ? parent : parent.appending(name)
            return path.withPlatformString { access($0, W_OK) } == 0
        }
        self =
            isWritable
            ? .delegated
            : .none(
                why: "the cgroup \(parent) is not yours, so that Kade may make none in it",
                fix: "run kade where one is delegated to you: systemd-run --user --scope"
                    + " -p Delegate=yes kade …")
    }
}

extension ResourceRequest {
    /// Refuses limits that need a cgroup of the container's own where there can be none.
    func check(on access: CgroupAccess) throws(Problem) {
        guard case .none(let why, let fix) = access, needsCgroup else { return }
        throw Problem(
            kind: .unsupported, what: "cannot limit the container's resources", why: why, fix: fix)
    }

    private var needsCgroup: Bool {
        var own = self
        // What these ask is done elsewhere.
        own.limits = []
        own.shmSizeInBytes = nil
        own.rootfsSizeInBytes = nil
        own.resourceControlClass = nil
        if let limit = own.pidsLimit, limit <= 0 { own.pidsLimit = nil }
        return own != ResourceRequest()
    }
}
