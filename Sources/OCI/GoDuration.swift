/// Lengths of time as Go's `time.ParseDuration` reads them: `1h30m`, `1.5s`, `300ms`.
///
/// The health checks of images have them in nanoseconds (image-spec, config.md), and the flags of
/// Docker and runc as such texts.
package enum GoDuration {
    /// The time in nanoseconds, which is never negative; nil when the text is none.
    package static func nanoseconds(_ text: String) -> Int64? {
        if text == "0" { return 0 }
        var rest = Substring(text)
        var total = 0.0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { !("0"..."9").contains($0) && $0 != "." }
            rest = rest.dropFirst(unit.count)
            guard let value = Double(number), let scale = units[String(unit)] else { return nil }
            total += value * scale
        }
        return total < 0x1p63 ? Int64(total) : nil
    }

    /// A time as Go prints it: `1m30s`, `1.5s`, `300ms`.
    package static func text(milliseconds: Int64) -> String {
        guard milliseconds >= 1000 else { return milliseconds == 0 ? "0s" : "\(milliseconds)ms" }
        let (minutes, rest) = milliseconds.quotientAndRemainder(dividingBy: 60_000)
        var seconds = "\(rest / 1000)"
        var fraction = rest % 1000
        if fraction > 0 {
            var digits = 3
            while fraction % 10 == 0 {
                fraction /= 10
                digits -= 1
            }
            let text = "\(fraction)"
            seconds += "." + String(repeating: "0", count: digits - text.utf8.count) + text
        }
        guard minutes > 0 else { return "\(seconds)s" }
        return minutes < 60
            ? "\(minutes)m\(seconds)s" : "\(minutes / 60)h\(minutes % 60)m\(seconds)s"
    }

    private static let units: [String: Double] = [
        "ns": 1, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
    ]
}
