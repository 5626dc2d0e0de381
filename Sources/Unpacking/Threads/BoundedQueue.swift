import Glibc

/// A queue of limited length between two threads: who is faster waits.
///
/// `@unchecked Sendable`: every access to the stored state is made under ``mutex``.
final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
    private let capacity: Int
    private var elements: [Element] = []
    private var isClosed = false
    private var isAbandoned = false
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(capacity: Int) {
        self.capacity = capacity
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Adds an element, and waits for room.
    ///
    /// - Returns: false when the receiver wants no more.
    func push(_ element: Element) -> Bool {
        locked {
            while elements.count >= capacity, !isAbandoned { pthread_cond_wait(changed, mutex) }
            if isAbandoned { return false }
            elements.append(element)
            pthread_cond_broadcast(changed)
            return true
        }
    }

    /// Takes the oldest element, and waits for one; nil after the last.
    func pop() -> Element? {
        locked {
            while elements.isEmpty, !isClosed, !isAbandoned { pthread_cond_wait(changed, mutex) }
            if isAbandoned || elements.isEmpty { return nil }
            defer { pthread_cond_broadcast(changed) }
            return elements.removeFirst()
        }
    }

    /// Says that no element follows.
    func close() {
        locked {
            isClosed = true
            pthread_cond_broadcast(changed)
        }
    }

    /// Gives up from either side: what is queued is dropped, and nobody waits any more.
    func abandon() {
        locked {
            isAbandoned = true
            elements = []
            pthread_cond_broadcast(changed)
        }
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
