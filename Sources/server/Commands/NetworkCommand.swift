import Diagnostics
import Glibc

/// A command that talks to a registry, reports in JSON lines, and ends when it is told to.
///
/// The first thread waits for signals. SIGINT and SIGTERM cancel the work, which then leaves what
/// has arrived for the next time; a second signal ends the program at once.
enum NetworkCommand {
    /// Does the work and ends the program.
    static func run(
        _ body: @escaping @Sendable (EventOutput) async throws(Problem) -> Void
    ) -> Never {
        var signals = EndingSignals.prepare(returningBuffersFrom: transferBuffersInBytes)
        let output = EventOutput()
        let work = Task {
            do throws(Problem) {
                try await body(output)
                _exit(0)
            } catch {
                output.write(error)
                _exit(1)
            }
        }
        output.whenClosed { work.cancel() }
        var received: CInt = 0
        sigwait(&signals, &received)
        work.cancel()
        // Another process may hold what a thread here waits for: then the end does not wait for it.
        var patience = timespec(tv_sec: 5, tv_nsec: 0)
        sigtimedwait(&signals, nil, &patience)
        _exit(128 + received)
    }

    /// Looks up a variable of the environment.
    static let environment = { @Sendable (name: String) in getenv(name).map { String(cString: $0) }
    }
}
