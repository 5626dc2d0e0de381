import Engine
import Glibc

/// Times in the machine's zone, as Go prints them: `2026-01-02 03:04:05 +0100 CET`.
enum LocalTime {
    static func text(of time: Timestamp) -> String {
        text(of: time, in: "%Y-%m-%d %H:%M:%S %z %Z")
    }

    /// The same as RFC 3339 has it, with nine digits: `2026-01-02T03:04:05.678901234+01:00`.
    static func rfc3339(of time: Timestamp) -> String {
        let start = text(of: time, in: "%Y-%m-%dT%H:%M:%S")
        let zone = text(of: time, in: "%z")
        let fraction = time.rfc3339Padded.dropFirst(19).dropLast()
        let isUTC = zone == "+0000" || zone == "-0000"
        return "\(start)\(fraction)" + (isUTC ? "Z" : "\(zone.prefix(3)):\(zone.suffix(2))")
    }

    private static func text(of time: Timestamp, in format: String) -> String {
        var seconds = time_t(time.nanosecondsSinceEpoch / 1_000_000_000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            let count = strftime(buffer.baseAddress, buffer.count, format, &parts)
            return String(
                decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
