import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

extension EngineContext {
    /// Reads a container's log out of the machine's journal, through `journalctl(1)`.
    func readJournal(
        of record: ContainerRecord, _ query: LogQuery,
        _ body: (LogEntry) throws(Problem) -> Void
    ) throws(Problem) {
        let journal = try JournalSource(of: record, in: configuration)
        var watch: LogWatch?
        if query.follows {
            // Begun before reading, so that no end is missed.
            watch = try LogWatch(of: record, in: self)
        }
        var cursor: String?
        var last = LastEntries(limit: query.tail)
        try journal.read(query.journalOptions) { entry, place throws(Problem) in
            cursor = place ?? cursor
            guard query.wants(entry) else { return }
            if query.tail == nil { try body(entry) } else { last.add(entry) }
        }
        for entry in last.entries { try body(entry) }
        guard let watch = watch.take() else { return }
        // journalctl's own --lines counts before the query has chosen.
        func take(_ entry: LogEntry, _ place: String?) throws(Problem) {
            cursor = place ?? cursor
            if query.wants(entry) { try body(entry) }
        }
        try journal.follow(
            query.journalOptions(after: cursor), until: watch, query.until, take)
        // What journald has taken in meanwhile.
        try journal.read(query.journalOptions(after: cursor), take)
    }
}

extension LogQuery {
    /// What spares journalctl from printing what the query would not choose.
    fileprivate var journalOptions: [String] {
        let isPlain = since == nil && until == nil && includesOutput && includesError
        // The last one also says where to go on.
        if isPlain, let tail { return ["--lines=\(max(1, tail))"] }
        return sinceOption
    }

    /// The entries after a place; without one, all from the query's time on.
    fileprivate func journalOptions(after cursor: String?) -> [String] {
        ["--lines=all"] + (cursor.map { ["--after-cursor=\($0)"] } ?? sinceOption)
    }

    /// Whole seconds: the rest is the query's own to tell.
    private var sinceOption: [String] {
        guard let since, since.nanosecondsSinceEpoch > 0 else { return [] }
        return ["--since=@\(since.nanosecondsSinceEpoch / 1_000_000_000)"]
    }
}

/// A container's entries in the machine's journal.
private struct JournalSource {
    private let program: FilePath
    private let environment: [String]
    private let container: String
    private let what: String

    init(of record: ContainerRecord, in configuration: EngineConfiguration) throws(Problem) {
        what = "cannot read the log of \(record.name)"
        let search = configuration.searchPath.map { "\($0)" }.joined(separator: ":")
        guard case .found(let program) = lookUpProgram("journalctl", searchPath: search) else {
            throw Problem(
                kind: .unavailable, what: what, why: "journalctl is not installed",
                fix: "read the journal where it is, or use --log-driver local")
        }
        self.program = program
        environment = configuration.helperEnvironment
        container = record.id
    }

    /// Hands out the entries that there are, each with its place in the journal.
    func read(
        _ options: [String], _ body: (LogEntry, String?) throws(Problem) -> Void
    ) throws(Problem) {
        let pipe = try explaining(what) { () throws(SystemCallError) in try Pipe() }
        let child = try start(options, output: pipe.writing.rawValue)
        var reader = LogReader(adopting: pipe.keepReading(), named: "the journal")
        try Self.take(from: &reader, body)
        try check(child.wait())
    }

    /// Hands out entries as they come, until the container has ended, or a moment has come.
    func follow(
        _ options: [String], until watch: borrowing LogWatch, _ moment: Timestamp?,
        _ body: (LogEntry, String?) throws(Problem) -> Void
    ) throws(Problem) {
        let pipe = try explaining(what) { () throws(SystemCallError) in
            let pipe = try Pipe()
            try pipe.reading.setNonBlocking(true)
            return pipe
        }
        let child = try start(["--follow"] + options, output: pipe.writing.rawValue)
        let pid = child.pid
        let source = pipe.reading.rawValue
        var reader = LogReader(adopting: pipe.keepReading(), named: "the journal")
        do throws(Problem) {
            while !reader.isAtEnd, try !watch.wait(for: source, until: moment) {
                try Self.take(from: &reader, body)
            }
            try Self.take(from: &reader, body)
        } catch {
            // Best effort: it ends with the pipe, when it writes.
            try? ChildProcess(opening: pid).send(.terminate)
            throw error
        }
        guard !reader.isAtEnd else { return try check(child.wait()) }
        try explaining(what) { () throws(SystemCallError) in
            try ChildProcess(opening: pid).send(.terminate)
        }
        _ = try child.wait()
    }

    private func check(_ code: Int32) throws(Problem) {
        guard code != 0 else { return }
        throw Problem(
            kind: .unavailable, what: what, why: "journalctl ended with exit code \(code)")
    }

    private func start(_ options: [String], output: CInt) throws(Problem) -> SpawnedProgram {
        try SpawnedProgram(
            program,
            arguments: ["journalctl", "--output=json", "--all", "--no-pager", "--quiet"] + options
                + ["CONTAINER_ID_FULL=\(container)"],
            environment: environment, descriptors: [-1, output, 2], hasOwnSession: false)
    }

    private static func take(
        from reader: inout LogReader, _ body: (LogEntry, String?) throws(Problem) -> Void
    ) throws(Problem) {
        try reader.readLines { line throws(Problem) in
            // A line that is none is passed over.
            guard let json = try? JSONValue.parse(Array(line), named: "journal"),
                let entry = LogEntry(journal: json)
            else { return }
            try body(entry, json.text("__CURSOR"))
        }
    }
}

extension LogEntry {
    /// Reads an entry of `journalctl --output=json`; nil for what is none.
    init?(journal json: JSONValue) {
        guard let microseconds = json.text("__REALTIME_TIMESTAMP").flatMap({ Int64($0) })
        else { return nil }
        var text: [UInt8]
        switch json["MESSAGE"] {
        case .string(let message): text = Array(message.utf8)
        // What is no UTF-8 comes as numbers.
        case .array(let bytes): text = bytes.compactMap { $0.number?.integer() }
        default: return nil
        }
        if json.text("CONTAINER_PARTIAL_MESSAGE") != "true" { text.append(UInt8(ascii: "\n")) }
        self.init(
            stream: json.text("PRIORITY") == "3" ? .error : .output,
            time: Timestamp(nanosecondsSinceEpoch: microseconds * 1000), text: text)
    }
}
