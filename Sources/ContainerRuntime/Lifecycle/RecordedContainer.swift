package import Diagnostics
package import OCI

/// What the runtime has written down of a container, read once for a command.
package struct RecordedContainer: Sendable {
    /// Where it is written.
    package let directory: ContainerDirectory
    /// What became of the container.
    package let state: RuntimeState
    /// What it was made from.
    package let spec: RuntimeSpec

    /// Reads the state and the configuration of a container.
    ///
    /// - Throws: ``Problem`` of kind `notFound` when there is no such container.
    package init(_ id: String, in root: RuntimeRoot) throws(Problem) {
        self = try root.container(id).load()
    }

    init(directory: ContainerDirectory, state: RuntimeState, spec: RuntimeSpec) {
        self.directory = directory
        self.state = state
        self.spec = spec
    }

    /// The process that the container was made with: environment, user, capabilities, limits.
    package var process: RuntimeSpec.Process { spec.process ?? RuntimeSpec.Process(cwd: "/") }
}
