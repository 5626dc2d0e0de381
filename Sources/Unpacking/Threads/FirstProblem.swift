import Diagnostics
import Glibc

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
