import Synchronization

/// Passes on how far something is, ten times a second at most.
final class ProgressMeter: Sendable {
    private let report: @Sendable (Int64) -> Void
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    private static let interval = Duration.milliseconds(100)

    init(_ report: @escaping @Sendable (Int64) -> Void) { self.report = report }

    /// Takes a value note of, and reports it when the last report is long enough ago.
    func note(_ value: Int64) {
        let now = ContinuousClock.now
        let isDue = last.withLock { last in
            if let last, now - last < Self.interval { return false }
            last = now
            return true
        }
        if isDue { report(value) }
    }
}
