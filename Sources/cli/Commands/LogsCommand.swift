import ContainerRuntime
import Diagnostics
import Engine

/// `kade logs`: what a container has written.
struct LogsCommand: Command {
    var follows = false
    var showsTimes = false
    /// Attributes of the lines, which `--log-opt labels`, `env` and `tag` give.
    var showsDetails = false
    var truncates = false
    var tail: Int?
    var since: TimeFlag?
    var until: TimeFlag?
    var name = ""

    static let canPlan = true

    static var selection: ContainerSelection? { .one }

    static var grammar: Grammar<LogsCommand> {
        Grammar(
            name: "logs", synopsis: "[OPTIONS] CONTAINER", summary: "Fetch the logs of a container",
            flags: [
                .switch(
                    "details", nil, "Show extra details provided to logs", \.showsDetails),
                .switch("follow", "f", "Follow log output", \.follows),
                .value(
                    "since", nil, "string",
                    "Show logs since timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative"
                        + " (e.g. \"42m\" for 42 minutes)", \.since, TimeFlag.parse),
                .setting(
                    "tail", "n", "string",
                    "Number of lines to show from the end of the logs (default \"all\")", \.tail,
                    TailFlag.parse),
                .switch(
                    "truncate", nil, "Empty the log instead of showing it", \.truncates),
                .switch("timestamps", "t", "Show timestamps", \.showsTimes),
                .value(
                    "until", nil, "string",
                    "Show logs before a timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative"
                        + " (e.g. \"42m\" for 42 minutes)", \.until, TimeFlag.parse),
            ], operands: .exactly(1), operandKind: .containers, assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        guard !truncates else {
            try session.engine().containers.truncateLog(of: name)
            return .success
        }
        // Who reads changes nothing; what cannot be read fails as ever.
        let isPlan = session.plan != nil
        let now = Timestamp.now
        var query = LogQuery()
        query.follows = follows && !isPlan
        query.tail = isPlan ? 0 : tail
        query.since = since?.moment(before: now)
        query.until = until?.moment(before: now)
        // A part of a long line has no time of its own.
        var isLineStart: [LogEntry.Stream: Bool] = [:]
        try session.engine().containers.logs(of: name, query) { entry throws(Problem) in
            let stream = entry.stream == .output ? session.output : session.error
            var prefix: [UInt8] = []
            if isLineStart[entry.stream, default: true] {
                if showsTimes { prefix += Array("\(entry.time.rfc3339Padded) ".utf8) }
                if showsDetails { prefix += Array("\(Self.details(of: entry)) ".utf8) }
            }
            isLineStart[entry.stream] = entry.text.last == UInt8(ascii: "\n")
            try stream.write(prefix + entry.text)
        }
        return .success
    }
}

extension LogsCommand {
    /// `a=b,c=d`, with blanks and other marks as in a URL, as Docker writes them.
    fileprivate static func details(of entry: LogEntry) -> String {
        entry.attributes.sorted { $0.key < $1.key }
            .map { "\(escaped($0.key))=\(escaped($0.value))" }.joined(separator: ",")
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: " "): result += "+"
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "~"):
                result.append(Character(Unicode.Scalar(byte)))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += "%\(digits.utf8.count == 1 ? "0" : "")\(digits)"
            }
        }
        return result
    }
}

/// `--tail N`; anything else is all, as in Docker.
enum TailFlag {
    static func parse(_ text: String) throws(InvalidValue) -> Int? {
        guard let lines = Int(text), lines >= 0 else { return nil }
        return lines
    }
}
