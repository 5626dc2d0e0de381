import Glibc

/// Times as the specifications write them (RFC 3339).
package enum RFC3339 {
    /// Reads an RFC 3339 time: `2026-01-02T03:04:05.678Z` or with `+01:00`; nil when it is none.
    package static func nanosecondsSinceEpoch(_ text: some StringProtocol) -> Int64? {
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
        let days = daysSinceEpoch(year: year, month: month, day: day)
        let seconds = Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second - offset)
        let (whole, isTooFar) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (moment, isBeyond) = whole.addingReportingOverflow(fraction)
        return isTooFar || isBeyond ? nil : moment
    }

    /// The time in UTC with nanoseconds and trailing zeros cut, as Go's RFC3339Nano: `…05.678Z`.
    package static func text(nanosecondsSinceEpoch moment: Int64) -> String {
        var text = paddedText(nanosecondsSinceEpoch: moment).dropLast()
        while text.last == "0" { text = text.dropLast() }
        if text.last == "." { text = text.dropLast() }
        return "\(text)Z"
    }

    /// The time in UTC with all nine digits of the nanoseconds.
    package static func paddedText(nanosecondsSinceEpoch moment: Int64) -> String {
        var time = time_t(moment / 1_000_000_000)
        var nanoseconds = moment % 1_000_000_000
        if nanoseconds < 0 {
            nanoseconds += 1_000_000_000
            time -= 1
        }
        var parts = tm()
        gmtime_r(&time, &parts)
        let year = padded(Int(parts.tm_year) + 1900, to: 4)
        let month = padded(Int(parts.tm_mon) + 1, to: 2)
        let day = padded(Int(parts.tm_mday), to: 2)
        let hour = padded(Int(parts.tm_hour), to: 2)
        let minute = padded(Int(parts.tm_min), to: 2)
        let second = padded(Int(parts.tm_sec), to: 2)
        let fraction = padded(Int(nanoseconds), to: 9)
        return "\(year)-\(month)-\(day)T\(hour):\(minute):\(second).\(fraction)Z"
    }

    /// Days of the proleptic Gregorian calendar, counted from 1970-01-01.
    package static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        // The year begins in March here, so that the leap day is its last.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func padded(_ value: Int, to digits: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
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
