import Diagnostics
import Linux

/// A step that moves the container's first process into its cgroup, in all hierarchies at once.
struct JoinCgroup: SetupStep {
    let cgroup: Cgroup
    /// Whether the process was born into the version 2 cgroup already.
    let isInUnified: Bool

    var explanation: Explanation {
        let files = cgroup.layout.hierarchies
            .filter { $0.version == .v1 || (cgroup.layout.isUnified && !isInUnified) }
            .map { "\($0.directory(of: cgroup.path))/cgroup.procs" }
        return Explanation(
            shell: "echo $PID | tee \(files.joined(separator: " "))",
            why: "the limits hold from the container's first instruction on",
            spec: "linux.cgroupsPath")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        guard context.cgroup != nil, let pid = context.initProcessID else { return }
        do {
            try cgroup.add(pid, alreadyInUnified: isInUnified)
        } catch {
            throw Problem(cgroup: "cannot put process \(pid) into \(cgroup.path)", error)
        }
    }
}
