package import Diagnostics
import Linux

/// The processes of a container: `ps`.
package enum Ps {
    /// The processes in the container's cgroup, as the runtime numbers them.
    package static func run(_ id: String, in root: RuntimeRoot) throws(Problem) -> [CInt] {
        let state = try root.container(id).loadState()
        guard let cgroup = try State.cgroup(of: state) else {
            throw Problem(
                kind: .unsupported, what: "cannot list the processes of \(id)",
                why: "the container has no cgroup of its own")
        }
        return try explaining("cannot list the processes of \(id)") {
            () throws(SystemCallError) in try cgroup.processes()
        }
    }
}
