import Glibc

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
        var reader = TimeReader(text: Array(text.utf8))
        guard let year = reader.number(digits: 4), reader.skip("-"),
            let month = reader.number(digits: 2), (1...12).contains(month), reader.skip("-"),
            let day = reader.number(digits: 2), (1...31).contains(day),
            reader.skip("T") || reader.skip("t") || reader.skip(" "),
            let hour = reader.number(digits: 2), hour < 24, reader.skip(":"),
            let minute = reader.number(digits: 2), minute < 60, reader.skip(":"),
            let second = reader.number(digits: 2), second <= 60
        else { return nil }
        let fraction = reader.skip(".") ? reader.fraction() : 0
        guard let fraction, let offset = reader.offsetInSeconds(), reader.isAtEnd else {
            return nil
        }
        let days = Self.daysSinceEpoch(year: year, month: month, day: day)
        let seconds = Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second - offset)
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return nil }
        self.init(nanosecondsSinceEpoch: whole + fraction)
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

    /// Days of the proleptic Gregorian calendar, counted from 1970-01-01.
    private static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        // The year begins in March here, so that the leap day is its last.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

/// Reads the parts of a time from left to right.
private struct TimeReader {
    let text: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == text.count }

    /// Steps over one character when it is the next.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < text.count, UInt32(text[position]) == character.value else { return false }
        position += 1
        return true
    }

    /// A number of exactly so many digits.
    mutating func number(digits: Int) -> Int? {
        guard position + digits <= text.count else { return nil }
        var value = 0
        for byte in text[position..<position + digits] {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        position += digits
        return value
    }

    /// The digits after the point, as nanoseconds; more than nine are cut.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var count = 0
        while position < text.count, (0x30...0x39).contains(text[position]) {
            if count < 9 { value = value * 10 + Int64(text[position] - 0x30) }
            count += 1
            position += 1
        }
        guard count > 0 else { return nil }
        for _ in 0..<max(0, 9 - count) { value *= 10 }
        return value
    }

    /// `Z` or `±hh:mm`.
    mutating func offsetInSeconds() -> Int? {
        if skip("Z") || skip("z") { return 0 }
        let isNegative = skip("-")
        guard isNegative || skip("+"), let hours = number(digits: 2), skip(":"),
            let minutes = number(digits: 2)
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return isNegative ? -seconds : seconds
    }
}
