import Diagnostics
import Engine

/// `kade logs`: what a container has written.
struct LogsCommand: Command {
    var follows = false
    var showsTimes = false
    /// Attributes of the lines, which only `--log-opt labels` and `env` would give: there are
    /// none, and Docker then has a blank before each line.
    var showsDetails = false
    var tail: Int?
    var since: TimeFlag?
    var until: TimeFlag?
    var name = ""

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
                .switch("timestamps", "t", "Show timestamps", \.showsTimes),
                .value(
                    "until", nil, "string",
                    "Show logs before a timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative"
                        + " (e.g. \"42m\" for 42 minutes)", \.until, TimeFlag.parse),
            ], operands: .exactly(1), operandKind: .containers, assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let now = Timestamp.now
        var query = LogQuery()
        query.follows = follows
        query.tail = tail
        query.since = since?.moment(before: now)
        query.until = until?.moment(before: now)
        // A part of a long line has no time of its own.
        var isLineStart: [LogEntry.Stream: Bool] = [:]
        try session.engine().containers.logs(of: name, query) { entry throws(Problem) in
            let stream = entry.stream == .output ? session.output : session.error
            var prefix: [UInt8] = []
            if isLineStart[entry.stream, default: true] {
                if showsTimes { prefix += Array("\(entry.time.rfc3339Padded) ".utf8) }
                if showsDetails { prefix.append(UInt8(ascii: " ")) }
            }
            isLineStart[entry.stream] = entry.text.last == UInt8(ascii: "\n")
            try stream.write(prefix + entry.text)
        }
        return .success
    }
}

/// `--tail N`; anything else is all, as in Docker.
enum TailFlag {
    static func parse(_ text: String) throws(InvalidValue) -> Int? {
        guard let lines = Int(text), lines >= 0 else { return nil }
        return lines
    }
}
