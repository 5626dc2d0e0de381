package import Diagnostics
import Linux
import OCI
import SystemPackage

/// Executes the program of a created container: `start`.
package enum Start {
    package static func run(_ id: String, in root: RuntimeRoot) throws(Problem) {
        let directory = try root.container(id)
        let state = try directory.loadState()
        let status = try State.status(of: state, in: directory, asksFreezer: false)
        guard status == .created else {
            throw Problem(
                kind: .conflict, what: "cannot start container \(id)",
                why: "cannot start a container that is \(status.rawValue), only a created one",
                fix: status == .stopped ? "delete it and create it again" : nil)
        }
        let spec = try directory.loadConfiguration()
        guard spec.process != nil else {
            throw Problem(
                kind: .invalid, what: "cannot start container \(id)",
                why: "the config.json that it was created from has no process",
                fix: "delete it, set process, and create it again")
        }
        let failure = try explaining(
            "cannot start container \(id)", fix: "its first process is gone: delete it"
        ) { () throws(SystemCallError) in try StartFifo.start(at: directory.fifo) }
        do throws(Problem) {
            if let failure { throw failure }
            try runPoststartHooks(of: spec, state)
        } catch {
            throw takeBack(id, in: root, after: error)
        }
    }

    /// Stops and removes the container, as the specification wants it after a hook that failed
    /// (runtime-spec 1.3, runtime.md § Lifecycle).
    private static func takeBack(
        _ id: String, in root: RuntimeRoot, after failure: Problem
    ) -> Problem {
        var problem = failure
        do throws(Problem) {
            for warning in try Delete.run(id, in: root, isForced: true) {
                problem.why += "; and \(warning)"
            }
        } catch {
            problem.why += "; and the container could not be removed: \(error)"
        }
        return problem
    }

    static func runPoststartHooks(of spec: RuntimeSpec, _ state: RuntimeState) throws(Problem) {
        for hook in HookKind.poststart.hooks(of: spec) {
            let described = ContainerState(of: state, status: .running)
            try RunHook(kind: .poststart, hook: hook, state: described).run(with: described)
        }
    }
}

/// Runs the hooks whose failure is only a warning, all of them: `poststop`.
///
/// - Returns: the warnings.
func runPoststopHooks(of spec: RuntimeSpec, _ state: RuntimeState) -> [Problem] {
    var warnings: [Problem] = []
    for hook in HookKind.poststop.hooks(of: spec) {
        let described = ContainerState(of: state, status: .stopped)
        do throws(Problem) {
            try RunHook(kind: .poststop, hook: hook, state: described).run(with: described)
        } catch {
            warnings.append(error)
        }
    }
    return warnings
}
