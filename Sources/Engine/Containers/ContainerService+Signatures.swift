package import Diagnostics

// Being filled in: each of these moves to a file of its own.
extension ContainerService {
    /// Makes a container without starting it: its row, directories and anonymous volumes.
    ///
    /// The image must be in the store (`notFound` otherwise; the caller pulls as its policy says).
    package func create(_ request: ContainerRequest) throws(Problem) -> CreatedContainer {
        throw missing()
    }

    /// Starts a container; with streams, returns the session that they travel over.
    ///
    /// Returns after the program runs (or could not); with streams the `started` event is the
    /// session's first. A container that already runs is left alone.
    ///
    /// - Parameters:
    ///   - name: the container.
    ///   - streams: what the client wants; empty for a detached start.
    ///   - removesAfterExit: the client promises to call ``remove(_:force:volumes:)`` itself after
    ///     the exit event of a `--rm` container, which spares the monitor's helper.
    package func start(
        _ name: String, attaching streams: AttachedStreams, removesAfterExit: Bool
    ) throws(Problem) -> ContainerSession? {
        throw missing()
    }

    /// Joins the streams of a running container.
    package func attach(
        _ name: String, streams: AttachedStreams
    ) throws(Problem) -> ContainerSession {
        throw missing()
    }

    /// Stops: the stop signal, and SIGKILL after the timeout; nil takes the container's own values.
    package func stop(
        _ name: String, signal: String?, timeoutInSeconds: Int?
    ) throws(Problem) {
        throw missing()
    }

    /// Sends a signal, by name (`KILL`, `SIGKILL`) or number.
    package func kill(_ name: String, signal: String) throws(Problem) { throw missing() }

    /// Stops where needed, and starts.
    package func restart(
        _ name: String, signal: String?, timeoutInSeconds: Int?
    ) throws(Problem) {
        throw missing()
    }

    /// Freezes all processes.
    package func pause(_ name: String) throws(Problem) { throw missing() }

    /// Thaws all processes.
    package func unpause(_ name: String) throws(Problem) { throw missing() }

    /// Removes a container that does not run, or with `force` kills it first.
    package func remove(
        _ name: String, force: Bool, removesVolumes: Bool
    ) throws(Problem) {
        throw missing()
    }

    /// Removes containers that do not run and match the filters; returns their IDs.
    package func prune(_ filter: ContainerFilter) throws(Problem) -> [String] { throw missing() }

    /// Gives a container a new name.
    package func rename(_ name: String, to newName: String) throws(Problem) { throw missing() }

    /// Blocks until the container is not running, and returns its exit code.
    package func wait(_ name: String) throws(Problem) -> Int32 { throw missing() }

    /// Containers, newest first.
    package func list(_ filter: ContainerFilter) throws(Problem) -> [ContainerSummary] {
        throw missing()
    }

    /// One container's line, as `ps` has it.
    package func summary(of name: String) throws(Problem) -> ContainerSummary { throw missing() }

    /// The request as merged with the image's configuration: terminal, streams, stop signal.
    package func request(of name: String) throws(Problem) -> ContainerRequest { throw missing() }

    /// Hands every entry of the log that the query wants to `body`, oldest first.
    package func logs(
        of name: String, _ query: LogQuery, _ body: (LogEntry) throws(Problem) -> Void
    ) throws(Problem) {
        throw missing()
    }

    /// What to become to run a further process in a running container.
    package func exec(
        in name: String, _ request: ExecRequest
    ) throws(Problem) -> PreparedProgram {
        throw missing()
    }

    /// The container's processes as `ps` shows them with these arguments (`-ef` when empty).
    package func top(
        _ name: String, psArguments: [String]
    ) throws(Problem) -> ProcessTable {
        throw missing()
    }

    /// What the container changed in its root file system, sorted by path.
    package func diff(_ name: String) throws(Problem) -> [FilesystemChange] { throw missing() }

    /// The recorded steps of the container's last start.
    package func steps(of name: String) throws(Problem) -> [StepRecord] { throw missing() }

    private func missing() -> Problem {
        Problem(kind: .unsupported, what: "cannot do that yet", why: "this part is being written")
    }
}
