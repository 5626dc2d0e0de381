package import Diagnostics

// Being filled in: each of these moves to a file of its own.
extension ContainerService {
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
