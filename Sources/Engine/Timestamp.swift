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
    package var rfc3339: String { RFC3339.text(nanosecondsSinceEpoch: nanosecondsSinceEpoch) }

    /// RFC 3339 in whole seconds: `…05Z`.
    package var rfc3339InSeconds: String { "\(rfc3339Padded.prefix(19))Z" }

    /// RFC 3339 with all nine digits of the nanoseconds, as the lines of `logs -t` have it.
    package var rfc3339Padded: String {
        RFC3339.paddedText(nanosecondsSinceEpoch: nanosecondsSinceEpoch)
    }
}
