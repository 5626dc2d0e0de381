import Diagnostics
import Linux

/// A step with which a process of the container moves itself into its version 1 cgroups.
///
/// Moved by another, it would wait for an RCU grace period of the kernel, 7 to 15 ms: a process
/// that is not the caller must be kept from forking and exiting meanwhile. The file `tasks` moves
/// one thread, and here there is only one.
struct EnterCgroup: SetupStep {
    let cgroup: Cgroup
    /// Whether the process was born into the version 2 cgroup already.
    let isInUnified: Bool

    var explanation: Explanation {
        let files = cgroup.layout.hierarchies.filter { $0.version == .v1 }
            .map { "\($0.directory(of: cgroup.path))/tasks" }
        return Explanation(
            shell: "echo 0 | tee \(files.joined(separator: " "))",
            why: "the limits hold from the container's first instruction on",
            spec: "linux.cgroupsPath")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        do {
            try cgroup.enter(alreadyInUnified: isInUnified)
        } catch {
            throw Problem(cgroup: "cannot enter the cgroup \(cgroup.path)", error)
        }
    }
}
