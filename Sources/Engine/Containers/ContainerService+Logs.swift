import ContainerRuntime
package import Diagnostics
import Linux
import SystemPackage

extension ContainerService {
    /// Hands every entry of the log that the query wants to `body`, oldest first.
    package func logs(
        of name: String, _ query: LogQuery, _ body: (LogEntry) throws(Problem) -> Void
    ) throws(Problem) {
        let record = try context.record(of: name)
        guard record.request.logging.driver == "json-file" else {
            throw Problem(
                kind: .unsupported, what: "cannot read the log of \(name)",
                why: "configured logging driver does not support reading")
        }
        let bundle = context.configuration.bundle(of: record.id)
        var watch: LogWatch?
        if query.follows {
            // Begun before reading, so that nothing that is written meanwhile is missed.
            watch = try LogWatch(of: record, in: context)
        }
        var current = try readExisting(bundle, query, body)
        guard let watch = watch.take() else { return }
        while true {
            let isOver = try watch.wait()
            if var reader = current.take() {
                try reader.readLines { line throws(Problem) in try deliver(line, query, body) }
                if try reader.isCurrent() { current = consume reader }
            }
            if current == nil, var reader = try LogReader(at: bundle.log) {
                try reader.readLines { line throws(Problem) in try deliver(line, query, body) }
                current = consume reader
            }
            if isOver { return }
            if let until = query.until, Timestamp.now > until { return }
        }
    }

    /// Reads what is there, and returns the reader of the file that still grows.
    private func readExisting(
        _ bundle: ContainerBundle, _ query: LogQuery, _ body: (LogEntry) throws(Problem) -> Void
    ) throws(Problem) -> LogReader? {
        var last = LastEntries(limit: query.tail)
        var current: LogReader?
        for path in bundle.logFiles() {
            guard var reader = try LogReader(at: path) else { continue }
            try reader.readLines { line throws(Problem) in
                guard query.tail != nil else { return try deliver(line, query, body) }
                if let entry = LogEntry(line: line), query.wants(entry) { last.add(entry) }
            }
            current = consume reader
        }
        for entry in last.entries { try body(entry) }
        return current
    }

    private func deliver(
        _ line: ArraySlice<UInt8>, _ query: LogQuery, _ body: (LogEntry) throws(Problem) -> Void
    ) throws(Problem) {
        guard let entry = LogEntry(line: line), query.wants(entry) else { return }
        try body(entry)
    }
}

/// The last entries of a log: `--tail`.
private struct LastEntries {
    private let limit: Int
    private var kept: [LogEntry] = []
    /// Where the oldest kept entry is, once there are as many as wanted.
    private var oldest = 0

    init(limit: Int?) { self.limit = max(0, limit ?? 0) }

    mutating func add(_ entry: LogEntry) {
        guard limit > 0 else { return }
        if kept.count < limit {
            kept.append(entry)
        } else {
            kept[oldest] = entry
            oldest = (oldest + 1) % limit
        }
    }

    var entries: [LogEntry] { Array(kept[oldest...] + kept[..<oldest]) }
}
