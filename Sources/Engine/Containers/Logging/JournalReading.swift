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
        let what = "cannot read the log of \(record.name)"
        let field = "CONTAINER_ID_FULL=\(record.id)"
        guard !query.follows else {
            throw Problem(
                kind: .unsupported, what: what, why: "the journal is followed by its own tool",
                fix: "journalctl -f \(field)")
        }
        let search = configuration.searchPath.map { "\($0)" }.joined(separator: ":")
        guard case .found(let program) = lookUpProgram("journalctl", searchPath: search) else {
            throw Problem(
                kind: .unavailable, what: what, why: "journalctl is not installed",
                fix: "read the journal where it is, or use --log-driver local")
        }
        let pipe = try explaining(what) { () throws(SystemCallError) in try Pipe() }
        let child = try SpawnedProgram(
            program,
            arguments: ["journalctl", "--output=json", "--all", "--no-pager", field],
            environment: configuration.helperEnvironment,
            descriptors: [-1, pipe.writing.rawValue, 2], hasOwnSession: false)
        var reader = LogReader(adopting: pipe.keepReading(), named: "the journal")
        var last = LastEntries(limit: query.tail)
        try reader.readLines { line throws(Problem) in
            guard let entry = LogEntry(journal: line), query.wants(entry) else { return }
            if query.tail == nil { try body(entry) } else { last.add(entry) }
        }
        let code = try child.wait()
        guard code == 0 else {
            throw Problem(
                kind: .unavailable, what: what, why: "journalctl ended with exit code \(code)")
        }
        for entry in last.entries { try body(entry) }
    }
}

extension LogEntry {
    /// Reads an entry of `journalctl --output=json`; nil for a line that is none.
    init?(journal line: some Sequence<UInt8>) {
        guard let json = try? JSONValue.parse(Array(line), named: "journal"),
            let microseconds = json.text("__REALTIME_TIMESTAMP").flatMap({ Int64($0) })
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
