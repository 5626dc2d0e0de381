import Engine
import OCI

/// `--since` and `--until`: a moment, or how long ago it was.
enum TimeFlag: Equatable {
    case moment(Timestamp)
    case ago(nanoseconds: Int64)

    /// Reads Go's durations (`1h30m`), RFC 3339 with parts left out, and seconds since 1970.
    static func parse(_ text: String) throws(InvalidValue) -> TimeFlag {
        if let moment = dateAndTime(text) { return .moment(moment) }
        if let seconds = seconds(text) { return .moment(seconds) }
        if let nanoseconds = GoDuration.nanoseconds(text) { return .ago(nanoseconds: nanoseconds) }
        throw InvalidValue(
            "'\(text)' is no time", fix: "write 2026-01-02T03:04:05Z, seconds since 1970 or 10m")
    }

    /// The moment, for someone who asks at `now`.
    func moment(before now: Timestamp) -> Timestamp {
        switch self {
        case .moment(let moment): moment
        case .ago(let nanoseconds):
            Timestamp(nanosecondsSinceEpoch: now.nanosecondsSinceEpoch - nanoseconds)
        }
    }

    /// `2026-01-02T03:04:05.6Z`, without zone, without seconds, or a date alone (all of them UTC).
    private static func dateAndTime(_ text: String) -> Timestamp? {
        for suffix in ["", "Z", ":00Z", ":00:00Z", "T00:00:00Z"] {
            if let moment = Timestamp(rfc3339: text + suffix) { return moment }
        }
        return nil
    }

    /// `1700000000.123456789`.
    private static func seconds(_ text: String) -> Timestamp? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let seconds = Int64(parts[0]), seconds >= 0 else { return nil }
        var nanoseconds: Int64 = 0
        if parts.count == 2 {
            let digits = parts[1] + String(repeating: "0", count: max(0, 9 - parts[1].count))
            guard digits.count == 9, let value = Int64(digits) else { return nil }
            nanoseconds = value
        }
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? nil : Timestamp(nanosecondsSinceEpoch: whole + nanoseconds)
    }
}
