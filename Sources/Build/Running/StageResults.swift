import Diagnostics
import Glibc

/// The stages of a build that several threads make and wait for.
///
/// `@unchecked Sendable`: all that changes is read and written under ``mutex``.
final class StageResults: @unchecked Sendable {
    private enum State {
        case open, running
        case done(StageResult)
        case failed(Problem)
    }

    private var states: [State]
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(count: Int) {
        states = Array(repeating: .open, count: count)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(changed)
        mutex.deallocate()
        changed.deallocate()
    }

    /// The result of a stage: made here where nobody has begun with it, else waited for.
    ///
    /// A stage needs earlier ones only, so that nobody waits for oneself.
    func result(
        of index: Int, _ make: () throws(Problem) -> StageResult
    ) throws(Problem) -> StageResult {
        pthread_mutex_lock(mutex)
        while case .running = states[index] { pthread_cond_wait(changed, mutex) }
        switch states[index] {
        case .done(let result):
            pthread_mutex_unlock(mutex)
            return result
        case .failed(let problem):
            pthread_mutex_unlock(mutex)
            throw problem
        case .open, .running: states[index] = .running
        }
        pthread_mutex_unlock(mutex)
        do throws(Problem) {
            let result = try make()
            set(.done(result), at: index)
            return result
        } catch {
            set(.failed(error), at: index)
            throw error
        }
    }

    private func set(_ state: State, at index: Int) {
        pthread_mutex_lock(mutex)
        states[index] = state
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }
}
