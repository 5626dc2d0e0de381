import Glibc
import OCI

/// A moment in UTC with nanoseconds, as logs, states and the database write it (RFC 3339).
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    package var nanosecondsSinceEpoch: Int64

    package init(nanosecondsSinceEpoch: Int64) {
        self.nanosecondsSinceEpoch = nanosecondsSinceEpoch
    }

    /// The present moment; `clock_gettime(2)`, CLOCK_REALTIME.
    package static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(
            nanosecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// When the machine was started, by the clock as it is now; `clock_gettime(2)`, CLOCK_BOOTTIME.
    static var boot: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Timestamp(
            nanosecondsSinceEpoch: Timestamp.now.nanosecondsSinceEpoch
                - Int64(time.tv_sec) * 1_000_000_000 - Int64(time.tv_nsec))
    }

    /// Docker's zero time: 0001-01-01T00:00:00Z in text.
    package static let zeroText = "0001-01-01T00:00:00Z"

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
    }
}

extension Timestamp {
    /// Reads an RFC 3339 time: `2026-01-02T03:04:05.678Z` or with `+01:00`; nil when it is none.
    package init?(rfc3339 text: some StringProtocol) {
        guard let moment = RFC3339.nanosecondsSinceEpoch(text) else { return nil }
        self.init(nanosecondsSinceEpoch: moment)
    }

    /// RFC 3339 with nanoseconds and trailing zeros cut, as Go's RFC3339Nano: `…05.678Z`.
    package var rfc3339: String {
        let (seconds, nanoseconds) = parts
        guard nanoseconds != 0 else { return "\(Self.text(seconds: seconds))Z" }
        var digits = Self.padded(nanoseconds, to: 9)
        while digits.last == "0" { digits.removeLast() }
        return "\(Self.text(seconds: seconds)).\(digits)Z"
    }

    /// RFC 3339 in whole seconds: `…05Z`.
    package var rfc3339InSeconds: String { "\(Self.text(seconds: parts.seconds))Z" }

    /// RFC 3339 with all nine digits of the nanoseconds, as the lines of `logs -t` have it.
    package var rfc3339Padded: String {
        let (seconds, nanoseconds) = parts
        return "\(Self.text(seconds: seconds)).\(Self.padded(nanoseconds, to: 9))Z"
    }

    private var parts: (seconds: Int64, nanoseconds: Int64) {
        var seconds = nanosecondsSinceEpoch / 1_000_000_000
        var rest = nanosecondsSinceEpoch % 1_000_000_000
        if rest < 0 {
            rest += 1_000_000_000
            seconds -= 1
        }
        return (seconds, rest)
    }

    /// `2026-01-02T03:04:05`, without a zone.
    private static func text(seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        let year = padded(Int64(parts.tm_year) + 1900, to: 4)
        let month = padded(Int64(parts.tm_mon) + 1, to: 2)
        let day = padded(Int64(parts.tm_mday), to: 2)
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int64($0), to: 2) }
        return "\(year)-\(month)-\(day)T\(clock.joined(separator: ":"))"
    }

    private static func padded(_ value: Int64, to digits: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
