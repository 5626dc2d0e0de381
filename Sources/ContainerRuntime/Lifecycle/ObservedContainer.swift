package import Diagnostics
package import Linux
package import OCI

/// A container that runs, as `events` looks at it.
package struct ObservedContainer: ~Copyable {
    package let id: String
    package let cgroup: Cgroup
    /// Its first process.
    package let process: ChildProcess
    private let hasOwnNetwork: Bool
    private let resourceControl: ResourceControlGroup?

    private init(
        id: String, cgroup: Cgroup, process: consuming ChildProcess, linux: RuntimeSpec.Linux,
        resourceControl: ResourceControlGroup?
    ) {
        self.id = id
        self.cgroup = cgroup
        self.process = process
        self.resourceControl = resourceControl
        hasOwnNetwork = linux.namespaces.contains { $0.type == .network }
    }

    /// Finds a container.
    ///
    /// - Throws: ``Problem`` of kind `conflict` when it does not run.
    package static func find(
        _ id: String, in root: RuntimeRoot
    ) throws(Problem) -> ObservedContainer {
        let directory = try root.container(id)
        let state = try directory.loadState()
        guard let process = try Kill.initProcess(of: state) else {
            throw Problem(
                kind: .conflict, what: "cannot watch container \(id)",
                why: "container with id \(id) is not running", fix: "start it first")
        }
        guard let cgroup = try State.cgroup(of: state) else {
            throw Problem(
                kind: .unsupported, what: "cannot watch container \(id)",
                why: "the container has no cgroup of its own")
        }
        let linux = try directory.loadConfiguration().linux ?? .init()
        return ObservedContainer(
            id: id, cgroup: cgroup, process: process, linux: linux,
            resourceControl: try .init(of: linux, containerID: id))
    }

    /// What it uses now.
    package borrowing func statistics() throws(Problem) -> JSONValue {
        try ContainerStatistics.json(
            of: cgroup, initProcessID: process.id, hasOwnNetwork: hasOwnNetwork,
            resourceControl: resourceControl)
    }
}
