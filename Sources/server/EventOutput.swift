import Diagnostics
import Glibc
import OCI
import Registry
import Synchronization

/// Standard output as lines of JSON, which any thread may write.
final class EventOutput: Sendable {
    private let closedHandler = Mutex<(@Sendable () -> Void)?>(nil)
    /// Held during a write, so that lines stay whole.
    private let lock = Mutex<Bool>(false)

    /// Names what to do when the reader has gone.
    func whenClosed(_ handler: @escaping @Sendable () -> Void) {
        closedHandler.withLock { $0 = handler }
    }

    /// Reports what a pull does.
    func write(_ event: PullEvent) {
        write(event.json)
    }

    /// Reports why it could not be done: `{"event": "problem", "kind": …, "what": …, "why": …}`.
    func write(_ problem: Problem) {
        var object = JSONObject([.init("event", "problem")])
        for member in problem.jsonObject.members { object.append(member.name, member.value) }
        write(.object(object))
    }

    private func write(_ value: JSONValue) {
        let line = value.json() + [UInt8(ascii: "\n")]
        let isClosed = lock.withLock { isClosed in
            if !isClosed { isClosed = !Self.writeAll(line) }
            return isClosed
        }
        if isClosed, let handler = closedHandler.withLock({ $0 }) { handler() }
    }

    /// Writes a line to descriptor 1; false when nobody reads it any more.
    private static func writeAll(_ line: [UInt8]) -> Bool {
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            if count < 0 {
                if errno == EINTR { continue }
                return false
            }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
