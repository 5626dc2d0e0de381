import Diagnostics
import Linux
import OCI
import SystemPackage

/// A step that gives the container's version 2 cgroup to its user, who may then divide it
/// (runtime-spec, config-linux.md § Cgroup ownership; cgroups(7) § "cgroups delegation").
struct DelegateCgroup: SetupStep {
    let cgroup: Cgroup
    /// The host's number of the user.
    let owner: UInt32

    /// The steps of a container: none unless it sees its cgroup as a root that it may write to.
    static func steps(
        for spec: RuntimeSpec, in cgroup: Cgroup, on host: HostFacts
    ) -> [any SetupStep] {
        let linux = spec.linux ?? .init()
        let isRoot = linux.namespaces.contains { $0.type == .cgroup && $0.path == nil }
        let isWritable = spec.mounts.contains {
            ["cgroup", "cgroup2"].contains($0.type ?? "") && $0.destination == "/sys/fs/cgroup"
                && !$0.options.contains("ro")
        }
        guard host.cgroups.isUnified, isRoot, isWritable, let user = spec.process?.user.uid,
            let owner = hostID(of: user, linux), owner != host.effectiveUserID
        else { return [] }
        return [DelegateCgroup(cgroup: cgroup, owner: owner)]
    }

    /// The host's number of a user of the container; nil where nobody but the kernel knows it.
    private static func hostID(of user: UInt32, _ linux: RuntimeSpec.Linux) -> UInt32? {
        guard let namespace = linux.namespaces.first(where: { $0.type == .user }) else {
            return user
        }
        guard namespace.path == nil else { return nil }
        for map in linux.uidMappings
        where user >= map.containerID && user - map.containerID < map.size {
            return map.hostID + (user - map.containerID)
        }
        return nil
    }

    private var directory: FilePath { cgroup.directories.first ?? FilePath(cgroup.path) }

    var explanation: Explanation {
        Explanation(
            shell: "chown \(owner) \(directory); (cd \(directory); chown \(owner) "
                + "$(cat /sys/kernel/cgroup/delegate))",
            why: "the container may divide its cgroup", spec: "linux.namespaces")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        guard context.cgroup != nil else { return }  // it shares its caller's
        do throws(SystemCallError) {
            try File.changeOwner(of: directory, user: owner, group: .max)
            for file in try Self.files() {
                do throws(SystemCallError) {
                    try File.changeOwner(of: directory.appending(file), user: owner, group: .max)
                } catch  where error.errno == .noSuchFileOrDirectory {
                    continue  // of a controller that the cgroup does not have
                }
            }
        } catch {
            throw Problem(cgroup: "cannot give the cgroup \(cgroup.path) to user \(owner)", error)
        }
    }

    /// The files that the kernel says are safe to give away (Linux 4.15), or those of before.
    private static func files() throws(SystemCallError) -> [String] {
        do throws(SystemCallError) {
            return try File.readText("/sys/kernel/cgroup/delegate").split(separator: "\n")
                .map(String.init)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return ["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"]
        }
    }
}
