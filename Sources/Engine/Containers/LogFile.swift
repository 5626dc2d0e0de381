import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

extension LogEntry {
    /// Reads a line of a `json-file` log; nil when it is damaged, as after a power cut.
    init?(line: some Sequence<UInt8>) {
        // What is no JSON is no entry.
        guard let json = try? JSONValue.parse(Array(line), named: "log"),
            let text = json["log"]?.string,
            let stream = json["stream"]?.string.flatMap(Stream.init(rawValue:)),
            let time = json["time"]?.string.flatMap({ Timestamp(rfc3339: $0) })
        else { return nil }
        self.init(stream: stream, time: time, text: Array(text.utf8))
        for member in json["attrs"]?.object?.members ?? [] {
            attributes[member.name] = member.value.string
        }
    }
}

extension LogQuery {
    /// Whether the query wants an entry.
    func wants(_ entry: LogEntry) -> Bool {
        let isWanted = entry.stream == .output ? includesOutput : includesError
        return isWanted && since.map { entry.time >= $0 } ?? true
            && until.map { entry.time <= $0 } ?? true
    }
}

/// Reads a log that may still grow, line by line.
struct LogReader: ~Copyable {
    private let file: OwnedFD
    private let name: FilePath
    /// The beginning of a line whose end is not written yet.
    private var rest: [UInt8] = []
    /// Whether a pipe has no writer any more; a file may always grow.
    private(set) var isAtEnd = false
    private var entries: [LogEntry] = []

    /// Takes over what is read from.
    init(adopting file: consuming OwnedFD, named name: FilePath) {
        self.file = file
        self.name = name
    }

    /// Opens a log; nil when there is none.
    init?(at path: FilePath) throws(Problem) {
        do throws(SystemCallError) {
            file = try OwnedFD.open(path, .readOnly)
            name = path
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        } catch {
            throw Problem(what: "cannot read the log \(path)", refusal: error)
        }
    }

    /// Passes over what is there.
    borrowing func skipToEnd() throws(Problem) {
        let name = name
        try explaining("cannot read the log \(name)") { () throws(SystemCallError) in
            try file.seek(toOffsetInBytes: FileStatus(of: file).sizeInBytes)
        }
    }

    /// Hands every whole line that is there to `body`.
    mutating func readLines(
        _ body: (ArraySlice<UInt8>) throws(Problem) -> Void
    ) throws(Problem) {
        while true {
            let name = name
            let more = try explaining("cannot read the log \(name)") {
                () throws(SystemCallError) -> [UInt8]? in
                do throws(SystemCallError) {
                    return try file.read(upToBytes: 1 << 16)
                } catch  where error.errno == .wouldBlock {
                    return nil  // of a pipe, for now
                }
            }
            guard let more else { return }
            isAtEnd = more.isEmpty
            guard !isAtEnd else { return }
            rest += more
            var start = rest.startIndex
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                try body(rest[start..<end])
                start = end + 1
            }
            rest.removeFirst(start)
        }
    }

    /// Hands every whole entry that is there to `body`.
    ///
    /// - Parameters:
    ///   - isCompact: whether the entries are ``LogRecord``s, and not lines of JSON.
    ///   - body: is given the entries; what is damaged, as after a power cut, is passed over.
    /// - Throws: when the log cannot be read, and what `body` throws.
    mutating func readEntries(
        _ isCompact: Bool, _ body: (LogEntry) throws(Problem) -> Void
    ) throws(Problem) {
        guard isCompact else {
            return try readLines { line throws(Problem) in
                if let entry = LogEntry(line: line) { try body(entry) }
            }
        }
        while true {
            let name = name
            let more = try explaining("cannot read the log \(name)") {
                () throws(SystemCallError) in try file.read(upToBytes: 1 << 16)
            }
            guard !more.isEmpty else { return }
            var left = rest[...] + more
            do throws(LogRecord.Damage) {
                while let record = try LogRecord.take(&left) { entries.append(LogEntry(record)) }
            } catch {
                left = []  // where the next one begins cannot be told
            }
            rest = Array(left)
            let found = entries
            entries.removeAll()
            for entry in found { try body(entry) }
        }
    }

    /// Whether the path still leads to this file: false after a rotation.
    func isCurrent() throws(Problem) -> Bool {
        let name = name
        return try explaining("cannot look at the log \(name)") { () throws(SystemCallError) in
            do throws(SystemCallError) {
                return try FileStatus(of: name).identity == FileStatus(of: file).identity
            } catch  where error.errno == .noSuchFileOrDirectory {
                return false
            }
        }
    }
}

extension LogEntry {
    fileprivate init(_ record: LogRecord) {
        self.init(
            stream: record.stream,
            time: Timestamp(nanosecondsSinceEpoch: record.nanosecondsSinceEpoch),
            text: record.text)
    }
}

extension ContainerBundle {
    /// The files of the log, the oldest first: `log.json.2.gz`, `log.json.1`, `log.json`.
    ///
    /// A file beside its compressed one is whole: that one is only being made.
    func logFiles() -> [FilePath] {
        var files = [log]
        var number = 1
        while true {
            let path = "\(log).\(number)"
            let names = [path, path + ".gz"].map { FilePath($0) }
            guard let found = names.first(where: { File.exists($0) }) else { return files }
            files.insert(found, at: 0)
            number += 1
        }
    }
}
