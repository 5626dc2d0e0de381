import Glibc
import NIOHTTP1
import Synchronization

/// A line for each request on standard output: time, client, request, status, bytes, duration.
///
///     2026-11-29T16:03:07Z 127.0.0.1:40122 "PUT /v2/app/manifests/1" 201 0 12ms "skopeo/1.9"
final class AccessLog: Sendable {
    /// Whether lines are written at all.
    private let isOn: Bool
    /// Held during a write, so that lines stay whole.
    private let lock = Mutex(())

    init(isOn: Bool) { self.isOn = isOn }

    /// Notes a request that was answered, or whose answer broke off.
    func note(
        _ head: HTTPRequestHead, client: String, _ response: Response, after duration: Duration,
        isBroken: Bool
    ) {
        guard isOn else { return }
        let size =
            head.method == .HEAD ? 0 : response.body.sizeInBytes
        let agent = head.headers.first(name: "User-Agent") ?? "-"
        write(
            "\(HTTPDate.timestamp) \(client) \"\(head.method.rawValue) \(Self.clean(head.uri))\" "
                + "\(response.status.code) \(isBroken ? "broken" : "\(size)") "
                + "\(Int(duration / .milliseconds(1)))ms \"\(Self.clean(agent))\"\n")
    }

    /// Notes what the owner of the registry should know.
    func note(_ sentence: String) { write("\(HTTPDate.timestamp) \(sentence)\n") }

    private func write(_ line: String) {
        let bytes = Array(line.utf8)
        lock.withLock { _ in
            // Best effort: the registry goes on when nobody reads its log.
            _ = bytes.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
        }
    }

    /// A text of a client as part of a line: quotes and what is not printable are escaped.
    private static func clean(_ text: String) -> String {
        var clean = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": clean += "\\\(scalar)"
            case "\u{20}"..."\u{7e}": clean.unicodeScalars.append(scalar)
            default: clean += scalar.escaped(asASCII: true)
            }
        }
        return clean
    }
}

/// Moments as text.
enum HTTPDate {
    /// The present moment as RFC 9110 § 5.6.7 has it: "Sun, 06 Nov 1994 08:49:37 GMT".
    static var now: String { text("%a, %d %b %Y %H:%M:%S GMT") }

    /// The present moment as RFC 3339 has it: "2026-11-29T16:03:07Z".
    static var timestamp: String { text("%Y-%m-%dT%H:%M:%SZ") }

    private static func text(_ format: String) -> String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        // The program never calls setlocale, so that names are the English ones.
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            let count = strftime(buffer.baseAddress, buffer.count, format, &parts)
            return String(
                decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
