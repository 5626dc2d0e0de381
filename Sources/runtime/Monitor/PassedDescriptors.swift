import ContainerRuntime
import Diagnostics
import Linux

/// Descriptors of the command that started the container, which its program gets under their own
/// numbers (`--preserve-fds`).
final class PassedDescriptors {
    private let numbers: [CInt]
    private var areClosed = false

    init(numbers: [CInt]) {
        self.numbers = numbers
    }

    /// Those that a run of the program gets.
    ///
    /// - Throws: ``Problem`` of kind `conflict` once they are closed: their numbers may be those of
    ///   the monitor's own files by then.
    func forNextRun() throws(Problem) -> [CInt] {
        guard areClosed else { return numbers }
        throw Problem(
            kind: .conflict, what: "cannot start the program again",
            why: "it had descriptors of the command that made the container (--preserve-fds, or"
                + " LISTEN_FDS), and they are closed: it was not to run again when it started",
            fix: "make the container anew with --restart")
    }

    /// Closes them here, so that the end of a pipe is seen when the program closes it.
    ///
    /// A program that may run again by itself gets them again, so that they stay open until then.
    func close(unlessRestartedBy configuration: MonitorConfiguration) {
        let restarts =
            configuration.restart != .no || configuration.health?.onFailure == .restart
        guard !restarts, !numbers.isEmpty else { return }
        for number in numbers { _ = OwnedFD(adopting: number) }
        areClosed = true
    }
}
