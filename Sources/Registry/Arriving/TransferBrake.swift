import Synchronization

/// Lets layers that come in the background wait while somebody waits for a part of one.
final class TransferBrake: Sendable {
    private let holders = Mutex<Int>(0)

    /// How long a transfer waits before it looks again.
    private static let pause = Duration.milliseconds(5)

    func hold() { holders.withLock { $0 += 1 } }

    func release() { holders.withLock { $0 -= 1 } }

    /// Waits until nobody holds it.
    func pass() async throws {
        while holders.withLock({ $0 > 0 }) { try await Task.sleep(for: Self.pause) }
    }
}
