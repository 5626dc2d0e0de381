import Foundation

/// Something that runs beside the test, on a thread of its own.
///
/// `@unchecked Sendable`: the error is written before `finished` is signalled, and read after.
final class Background: @unchecked Sendable {
    private let finished = DispatchSemaphore(value: 0)
    private var error: (any Error)?

    init(_ body: @escaping @Sendable () throws -> Void) {
        let thread = Thread {
            do {
                try body()
            } catch {
                self.error = error
            }
            self.finished.signal()
        }
        thread.start()
    }

    /// Waits for the end, and throws what the body threw.
    func wait() throws {
        finished.wait()
        if let error { throw error }
    }
}
