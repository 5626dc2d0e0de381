/// When to ask again after a registry failed, and when to give up.
///
/// The waiting time doubles from attempt to attempt, with up to a quarter of chance on top so that
/// many clients do not come back together. A `Retry-After` of the registry goes before it.
package struct RetrySchedule: Sendable {
    /// How often to ask in all.
    package var attempts: Int
    /// The first waiting time.
    package var firstDelay: Duration
    /// The longest waiting time, also the longest `Retry-After` that is waited for.
    package var longestDelay: Duration

    package init(attempts: Int, firstDelay: Duration, longestDelay: Duration) {
        self.attempts = attempts
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
    }

    /// The schedule of a pull: six attempts within about fifteen seconds.
    package static let pull = RetrySchedule(
        attempts: 6, firstDelay: .milliseconds(500), longestDelay: .seconds(60))

    /// The schedule for a place of several: two attempts.
    static let mirror = RetrySchedule(
        attempts: 2, firstDelay: .milliseconds(500), longestDelay: .seconds(5))

    /// How long to wait after a failed attempt.
    ///
    /// - Parameters:
    ///   - attempt: the number of the attempt that failed, from 1.
    ///   - retryAfter: what the registry asked for.
    ///   - chance: a number from 0 to 1 that spreads the clients.
    /// - Returns: nil to give up.
    package func delay(after attempt: Int, retryAfter: Duration?, chance: Double) -> Duration? {
        guard attempt < attempts else { return nil }
        if let retryAfter {
            return retryAfter <= longestDelay ? retryAfter : nil
        }
        let doubled = firstDelay * (1 << min(attempt - 1, 16))
        return min(doubled + doubled * (chance / 4), longestDelay)
    }

    /// Whether an answer of this status is worth another attempt.
    package static func isTransient(status: UInt) -> Bool {
        switch status {
        case 408, 429, 500, 502, 503, 504: true
        default: false
        }
    }

    /// Reads `Retry-After` in its form of seconds (RFC 9110, 10.2.3); a date counts as unsaid.
    package static func retryAfter(_ header: String?) -> Duration? {
        guard let header, let seconds = UInt32(header) else { return nil }
        return .seconds(Int64(seconds))
    }
}

extension Duration {
    fileprivate static func * (duration: Duration, factor: Double) -> Duration {
        let (seconds, attoseconds) = duration.components
        return .nanoseconds(
            Int64((Double(seconds) * 1e9 + Double(attoseconds) / 1e9) * factor))
    }
}
