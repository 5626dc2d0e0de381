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

/// The first problem that any of several threads met.
///
/// `@unchecked Sendable`: the problem is written and read under ``mutex``; a `Problem` is Sendable.
final class FirstProblem: @unchecked Sendable {
    private var first: Problem?
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() { pthread_mutex_init(mutex, nil) }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Keeps a problem unless there is an earlier one.
    func report(_ problem: Problem) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if first == nil { first = problem }
    }

    /// The problem that was reported first.
    var problem: Problem? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return first
    }
}
