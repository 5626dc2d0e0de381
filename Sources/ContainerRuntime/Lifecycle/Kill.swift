package import Diagnostics
package import Linux
import OCI
import SystemPackage

/// Sends a signal to a container: `kill`.
package enum Kill {
    /// - Parameters:
    ///   - id: the container.
    ///   - signal: the signal.
    ///   - isForAll: whether every process of the container's cgroup gets it, also when init is gone.
    ///   - root: where the container's state is.
    /// - Throws: ``Problem`` of kind `conflict` when the container does not run.
    package static func run(
        _ id: String, _ signal: Signal, isForAll: Bool, in root: RuntimeRoot
    ) throws(Problem) {
        let directory = try root.container(id)
        let state = try directory.loadState()
        if isForAll { return try signalAll(state, signal) }
        let process = try initProcess(of: state)
        if signal == .kill, try livesWithoutInit(state, directory) {
            return try signalAll(state, signal)
        }
        guard let process else {
            throw Problem(
                kind: .conflict, what: "cannot send \(signal.name) to container \(id)",
                why: "container not running")
        }
        try explaining("cannot send \(signal.name) to container \(id)") {
            () throws(SystemCallError) in try process.send(signal)
        }
        // A frozen process dies only once it thaws (cgroups v1).
        if signal == .kill { try thaw(state) }
    }

    /// Holds a container's first process, if it still lives.
    package static func process(
        of id: String, in root: RuntimeRoot
    ) throws(Problem) -> ChildProcess? {
        try initProcess(of: root.container(id).loadState())
    }

    /// Holds init, if it still lives.
    ///
    /// The start time is compared after the process is held, so that a later process with the same
    /// number is never taken for it.
    static func initProcess(of state: RuntimeState) throws(Problem) -> ChildProcess? {
        guard let pid = state.initProcessID else { return nil }
        do throws(SystemCallError) {
            let process = try ChildProcess(opening: pid)
            guard try processStartTime(pid) == state.initStartTime else { return nil }
            return process
        } catch  where error.errno == .noSuchProcess {
            return nil
        } catch {
            throw Problem(what: "cannot reach process \(pid)", refusal: error)
        }
    }

    /// Whether processes of the container outlive its first one: it has no PID namespace of its
    /// own, with whose first process all others would end.
    private static func livesWithoutInit(
        _ state: RuntimeState, _ directory: ContainerDirectory
    ) throws(Problem) -> Bool {
        let namespaces = try directory.loadConfiguration().linux?.namespaces ?? []
        guard !namespaces.contains(where: { $0.type == .pid && $0.path == nil }),
            let cgroup = try State.cgroup(of: state)
        else { return false }
        return try explaining("cannot list the processes of \(state.id)") {
            () throws(SystemCallError) in try !cgroup.processes().isEmpty
        }
    }

    private static func signalAll(_ state: RuntimeState, _ signal: Signal) throws(Problem) {
        guard let cgroup = try State.cgroup(of: state) else {
            throw Problem(
                kind: .unsupported, what: "cannot reach all processes of \(state.id)",
                why: "the container has no cgroup of its own")
        }
        try explaining("cannot send \(signal.name) to all of \(state.id)") {
            () throws(SystemCallError) in
            if signal == .kill { return try cgroup.killAll() }
            for process in try cgroup.processes() {
                do throws(SystemCallError) {
                    try ChildProcess(opening: process).send(signal)
                } catch  where error.errno == .noSuchProcess {
                    continue
                }
            }
        }
    }

    private static func thaw(_ state: RuntimeState) throws(Problem) {
        guard let cgroup = try State.cgroup(of: state) else { return }
        try explaining("cannot thaw container \(state.id)") { () throws(SystemCallError) in
            if try cgroup.isFrozen() { try cgroup.thaw() }
        }
    }
}
