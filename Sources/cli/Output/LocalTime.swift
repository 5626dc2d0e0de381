import Engine
import Glibc

/// Times in the machine's zone, as Go prints them: `2026-01-02 03:04:05 +0100 CET`.
enum LocalTime {
    static func text(of time: Timestamp) -> String {
        var seconds = time_t(time.nanosecondsSinceEpoch / 1_000_000_000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            let count = strftime(
                buffer.baseAddress, buffer.count, "%Y-%m-%d %H:%M:%S %z %Z", &parts)
            return String(
                decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return text
    }
}
