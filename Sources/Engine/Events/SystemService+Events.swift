package import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import SystemPackage

extension SystemService {
    /// Hands the events that the query wants to `body`, as they happen or happened.
    ///
    /// It returns when the query's end has come, and otherwise never.
    package func events(
        _ query: EventQuery, _ body: (Event) throws(Problem) -> Void
    ) throws(Problem) {
        let log = context.eventLog
        let start = Timestamp.now
        var follower = try EventFollower(
            log, replays: query.since != nil || query.until != nil)
        try follower.readNew { event throws(Problem) in
            if query.wants(event) { try body(event) }
        }
        if let until = query.until, until <= start { return }
        while try follower.wait(until: query.until) {
            try follower.readNew { event throws(Problem) in
                if query.wants(event) { try body(event) }
            }
        }
    }
}

/// Reads an event log while others write it.
struct EventFollower: ~Copyable {
    private let log: EventLog
    private let watch: DirectoryWatch
    /// The full file before the present one; a writer that was slow may still append to it.
    private var older: LogReader?
    private var present: LogReader?

    /// Begins to read.
    ///
    /// - Parameters:
    ///   - log: what is read.
    ///   - replays: whether what has happened up to now is read, too.
    /// - Throws: when the log cannot be read or watched.
    init(_ log: EventLog, replays: Bool) throws(Problem) {
        // Begun before reading, so that nothing that is written meanwhile is missed.
        let watch = try explaining("cannot watch \(log.directory)") {
            () throws(SystemCallError) in
            try Directory.makeAll(log.directory, permissions: .ownerReadWriteExecute)
            return try DirectoryWatch(log.directory)
        }
        let older = try LogReader(at: log.files[0])
        let present = try LogReader(at: log.files[1])
        if !replays {
            try Self.skip(older)
            try Self.skip(present)
        }
        self.log = log
        self.watch = watch
        self.older = older
        self.present = present
    }

    /// Hands the events since the last call to `body`.
    mutating func readNew(_ body: (Event) throws(Problem) -> Void) throws(Problem) {
        try Self.read(&older, body)
        try Self.read(&present, body)
        guard try !Self.isCurrent(present) else { return }
        if Self.isOpen(present) {
            // It has been full: the rest of it, then the new one.
            older = present.take()
            try Self.read(&older, body)
        }
        present = try LogReader(at: log.files[1])
        try Self.read(&present, body)
    }

    /// Waits until there may be more; false when the time is over.
    borrowing func wait(until end: Timestamp?) throws(Problem) -> Bool {
        var milliseconds: CInt?
        if let end {
            let rest = end.nanosecondsSinceEpoch - Timestamp.now.nanosecondsSinceEpoch
            guard rest > 0 else { return false }
            milliseconds = CInt(clamping: rest / 1_000_000 + 1)
        }
        let descriptor = watch.descriptor
        try explaining("cannot wait for events") { () throws(SystemCallError) in
            _ = try Poll.wait(for: [descriptor], .readable, milliseconds: milliseconds)
            try watch.takeChanges()
        }
        return true
    }

    private static func skip(_ reader: borrowing LogReader?) throws(Problem) {
        switch reader {
        case .some(let reader): try reader.skipToEnd()
        case .none: return
        }
    }

    private static func isCurrent(_ reader: borrowing LogReader?) throws(Problem) -> Bool {
        switch reader {
        case .some(let reader): try reader.isCurrent()
        case .none: false
        }
    }

    private static func isOpen(_ reader: borrowing LogReader?) -> Bool {
        switch reader {
        case .some: true
        case .none: false
        }
    }

    private static func read(
        _ reader: inout LogReader?, _ body: (Event) throws(Problem) -> Void
    ) throws(Problem) {
        guard var open = reader.take() else { return }
        try open.readLines { line throws(Problem) in
            if let event = Self.event(in: line) { try body(event) }
        }
        reader = consume open
    }

    /// The event of a line; of one that a full disk left half-written, what comes after that.
    static func event(in line: ArraySlice<UInt8>) -> Event? {
        if let event = try? Event(json: Array(line), named: "event") { return event }
        let beginning = Array("{\"Type\":".utf8)
        guard
            let start = line.indices.last(where: { line[$0...].starts(with: beginning) }),
            start > line.startIndex
        else { return nil }
        return try? Event(json: Array(line[start...]), named: "event")
    }
}
