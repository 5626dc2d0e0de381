package import Diagnostics
import Linux
import OCI

/// Stops and continues all processes of a container: `pause`, `resume` (the cgroup freezer).
package enum Pause {
    package static func run(_ id: String, in root: RuntimeRoot) throws(Problem) {
        try change(id, in: root, from: [.created, .running], "pause") {
            (cgroup) throws(SystemCallError) in try cgroup.freeze()
        }
    }

    package static func resume(_ id: String, in root: RuntimeRoot) throws(Problem) {
        try change(id, in: root, from: [.paused], "resume") {
            (cgroup) throws(SystemCallError) in try cgroup.thaw()
        }
    }

    private static func change(
        _ id: String, in root: RuntimeRoot, from allowed: [ContainerState.Status], _ verb: String,
        _ body: (Cgroup) throws(SystemCallError) -> Void
    ) throws(Problem) {
        let directory = try root.container(id)
        let state = try directory.loadState()
        let status = try State.status(of: state, in: directory, asksFreezer: true)
        guard allowed.contains(status) else {
            throw Problem(
                kind: .conflict, what: "cannot \(verb) container \(id)",
                why: status == .stopped || status == .creating
                    ? "container not running" : "container is \(status.rawValue)")
        }
        guard let cgroup = try State.cgroup(of: state) else {
            throw Problem(
                kind: .unsupported, what: "cannot \(verb) container \(id)",
                why: "the container has no cgroup of its own, which could be frozen",
                fix: "start it where a cgroup is delegated to you (version 2), or as root")
        }
        try explaining("cannot \(verb) container \(id)") { () throws(SystemCallError) in
            try body(cgroup)
        }
    }
}
