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

    /// Reports anything, as an object with the member `event`.
    func write(_ value: JSONValue) {
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

    /// Waits until nobody can read standard output any more; for ever when it is a file.
    static func waitForReaderToLeave() {
        // No events are asked for: an error, as of a pipe without a reader, comes all the same.
        var entry = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        while poll(&entry, 1, -1) <= 0 {}
    }
}
