package import Diagnostics
import Glibc
import SystemPackage

/// A thread that runs one closure to its end.
package struct WorkerThread: Sendable {
    private let thread: pthread_t

    /// Starts a thread.
    ///
    /// - Parameter body: what it does; it must end by itself.
    /// - Throws: `.exhausted` when the system has no thread to give.
    package init(_ body: @escaping @Sendable () -> Void) throws(Problem) {
        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { raw in
                guard let raw else { return nil }
                Unmanaged<Work>.fromOpaque(raw).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        guard result == 0 else {
            work.release()
            throw Problem(
                kind: .exhausted, what: "cannot start a thread",
                why: "pthread_create: \(Errno(rawValue: result))",
                fix: "raise the limit of processes (ulimit -u)")
        }
        self.thread = thread
    }

    /// Waits for the end; to be called exactly once.
    package func join() { pthread_join(thread, nil) }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
