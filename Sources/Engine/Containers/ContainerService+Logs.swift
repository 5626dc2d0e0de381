import ContainerRuntime
package import Diagnostics
import Linux
import SystemPackage

extension ContainerService {
    /// Hands every entry of the log that the query wants to `body`, oldest first.
    ///
    /// - Throws: `.unsupported` for drivers whose logs cannot be read.
    package func logs(
        of name: String, _ query: LogQuery, _ body: (LogEntry) throws(Problem) -> Void
    ) throws(Problem) {
        let record = try context.record(of: name)
        switch try LogOptions(record.request.logging).driver {
        case .jsonFile: try readFiles(of: record, isCompact: false, query, body)
        case .local: try readFiles(of: record, isCompact: true, query, body)
        case .journald: try context.readJournal(of: record, query, body)
        case .syslog, .none:
            throw Problem(
                kind: .unsupported, what: "cannot read the log of \(name)",
                why: "configured logging driver does not support reading")
        }
    }

    /// Empties a container's log; what it writes from now on is kept as before.
    ///
    /// - Throws: `.unsupported` for drivers that keep no files of Kade's.
    package func truncateLog(of name: String) throws(Problem) {
        let record = try context.record(of: name)
        switch try LogOptions(record.request.logging).driver {
        case .jsonFile, .local: break
        case .journald, .syslog, .none:
            throw Problem(
                kind: .unsupported, what: "cannot truncate the log of \(name)",
                why: "its logging driver \(record.request.logging.driver) keeps no files here")
        }
        try context.withLock(on: record.id) { () throws(Problem) in
            let files = context.configuration.bundle(of: record.id).logFiles()
            if let plan = context.plan {
                for old in files.dropLast() { plan.note(.removeFile(old), by: .engine) }
                if let present = files.last {
                    plan.note(.writeFile(present, "what was in the log is gone"), by: .engine)
                }
                return try context.tellMonitor(.reload, of: record)
            }
            try explaining("cannot truncate the log of \(name)") { () throws(SystemCallError) in
                for old in files.dropLast() { try Link.remove(old) }
                guard let present = files.last, File.exists(present) else { return }
                try OwnedFD.open(present, .writeOnly).truncate(toSizeInBytes: 0)
            }
            try context.tellMonitor(.reload, of: record)
        }
    }

    private func readFiles(
        of record: ContainerRecord, isCompact: Bool, _ query: LogQuery,
        _ body: (LogEntry) throws(Problem) -> Void
    ) throws(Problem) {
        let bundle = context.configuration.bundle(of: record.id)
        var watch: LogWatch?
        if query.follows {
            // Begun before reading, so that nothing that is written meanwhile is missed.
            watch = try LogWatch(of: record, in: context)
        }
        var current = try readExisting(bundle, isCompact, query, body)
        guard let watch = watch.take() else { return }
        while true {
            let isOver = try watch.wait(for: nil, until: query.until)
            if var reader = current.take() {
                try reader.readEntries(isCompact) { entry throws(Problem) in
                    if query.wants(entry) { try body(entry) }
                }
                if try reader.isCurrent() { current = consume reader }
            }
            if current == nil, var reader = try LogReader(at: bundle.log) {
                try reader.readEntries(isCompact) { entry throws(Problem) in
                    if query.wants(entry) { try body(entry) }
                }
                current = consume reader
            }
            if isOver { return }
        }
    }

    /// Reads what is there, and returns the reader of the file that still grows.
    private func readExisting(
        _ bundle: ContainerBundle, _ isCompact: Bool, _ query: LogQuery,
        _ body: (LogEntry) throws(Problem) -> Void
    ) throws(Problem) -> LogReader? {
        var last = LastEntries(limit: query.tail)
        var current: LogReader?
        for path in bundle.logFiles() {
            guard var reader = try context.openLog(at: path) else { continue }
            try reader.readEntries(isCompact) { entry throws(Problem) in
                guard query.wants(entry) else { return }
                if query.tail == nil { try body(entry) } else { last.add(entry) }
            }
            current = consume reader
        }
        for entry in last.entries { try body(entry) }
        return current
    }
}

extension EngineContext {
    /// Opens a file of a log, a compressed one through `gzip`; nil when it is gone.
    fileprivate func openLog(at path: FilePath) throws(Problem) -> LogReader? {
        guard path.extension == "gz" else { return try LogReader(at: path) }
        let what = "cannot read the log \(path)"
        let search = configuration.searchPath.map { "\($0)" }.joined(separator: ":")
        guard case .found(let program) = lookUpProgram("gzip", searchPath: search) else {
            throw Problem(
                kind: .unavailable, what: what, why: "gzip is not installed",
                fix: "apt install gzip")
        }
        let file = try explaining(what) { () throws(SystemCallError) in
            try OwnedFD.memory(named: "log")
        }
        let child = try SpawnedProgram(
            program, arguments: ["gzip", "-dc", path.string],
            environment: configuration.helperEnvironment, descriptors: [-1, file.rawValue, 2],
            hasOwnSession: false)
        guard try child.wait() == 0 else {
            guard File.exists(path) else { return nil }  // rotated away just now
            throw Problem(
                kind: .corrupt, what: what, why: "gzip cannot decompress it",
                fix: "empty the log: kade logs --truncate")
        }
        try explaining(what) { () throws(SystemCallError) in
            try file.seek(toOffsetInBytes: 0)
        }
        return LogReader(adopting: file, named: path)
    }
}

/// The last entries of a log: `--tail`.
struct LastEntries {
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
