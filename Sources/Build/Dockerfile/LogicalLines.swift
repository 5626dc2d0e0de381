import Diagnostics

/// One instruction's text: its lines joined, and the here-documents after them.
struct LogicalLine: Equatable {
    var source: SourceText
    /// The joined lines, without comments and continuation characters.
    var text: String
    var heredocs: [Heredoc]
    /// The escape character of its file.
    var escape: UInt8
    /// The comments right above it.
    var comments: [String] = []
    /// Whether an empty line stands between its lines.
    var hasEmptyContinuation = false
    /// The number of the line that ends it, before its here-documents.
    var continuationEnd: Int
}

/// A Dockerfile split into the texts of its instructions.
struct LogicalLines {
    private(set) var directives = ParserDirectives()
    private(set) var lines: [LogicalLine] = []
    private let file: String
    private let physical: [[UInt8]]
    private var index = 0
    /// The comments since the last instruction or empty line.
    private var comments: [String] = []

    /// Reads a whole file.
    init(_ content: [UInt8], file: String) throws(Problem) {
        self.file = file
        var content = content[...]
        if content.starts(with: [0xef, 0xbb, 0xbf]) { content = content.dropFirst(3) }
        physical = content.split(separator: Byte.newline, omittingEmptySubsequences: false)
            .map { $0.last == Byte.carriageReturn ? Array($0.dropLast()) : Array($0) }
        try readDirectives()
        while index < physical.count {
            if let line = try readLine() { lines.append(line) }
        }
    }

    private mutating func readDirectives() throws(Problem) {
        while index < physical.count {
            do throws(ShellMistake) {
                guard try directives.take(physical[index]) else { return }
            } catch {
                throw source(from: index).problem(error.why)
            }
            index += 1
        }
    }

    /// Reads one instruction, or passes over a comment or an empty line.
    private mutating func readLine() throws(Problem) -> LogicalLine? {
        let start = index
        let first = physical[index]
        index += 1
        guard !Self.isComment(first) else {
            let text = first.trimmed.dropFirst().trimmed.text
            comments = text.isEmpty ? [] : comments + [text]
            return nil
        }
        defer { comments = [] }
        let beginning = Array(first.drop(while: Byte.isBlank))
        var part = Continuation(beginning, escape: directives.escape)
        guard part.goesOn || !part.text.trimmed.isEmpty else { return nil }
        var text = part.text
        var hasEmptyLine = false
        while part.goesOn, index < physical.count {
            let line = physical[index]
            index += 1
            if Self.isComment(line) { continue }
            if line.allSatisfy(Byte.isBlank) {
                hasEmptyLine = true
                continue
            }
            part = Continuation(line, escape: directives.escape)
            text += part.text
        }
        guard !text.trimmed.isEmpty else { return nil }
        let end = index
        let heredocs = try readHeredocs(of: text, from: start)
        var source = source(from: start)
        source.lastLine = index
        return LogicalLine(
            source: source, text: text.text, heredocs: heredocs, escape: directives.escape,
            comments: comments, hasEmptyContinuation: hasEmptyLine, continuationEnd: end)
    }

    /// Reads the here-documents that an instruction announces.
    private mutating func readHeredocs(
        of text: [UInt8], from start: Int
    ) throws(Problem) -> [Heredoc] {
        guard Self.mayHaveHeredocs(text) else { return [] }
        var heredocs: [Heredoc] = []
        for var heredoc in Heredoc.announced(in: text) {
            var isTerminated = false
            while index < physical.count, !isTerminated {
                let line = physical[index]
                index += 1
                let bare = heredoc.stripsTabs ? Array(line.drop { $0 == Byte.tab }) : line
                if bare.elementsEqual(heredoc.name.utf8) {
                    isTerminated = true
                } else {
                    heredoc.content += line.text + "\n"
                }
            }
            guard isTerminated else {
                throw source(from: start).problem(
                    "unterminated heredoc", fix: "end it with a line that says \(heredoc.name)")
            }
            heredocs.append(heredoc)
        }
        return heredocs
    }

    /// ADD, COPY and RUN have them, also after ONBUILD, and not in the JSON form.
    private static func mayHaveHeredocs(_ text: [UInt8]) -> Bool {
        var words = text.split(whereSeparator: Byte.isBlank)[...]
        if words.first?.text.uppercased() == "ONBUILD" { words = words.dropFirst() }
        guard let name = words.first?.text.uppercased(), ["ADD", "COPY", "RUN"].contains(name)
        else { return false }
        return true
    }

    private static func isComment(_ line: [UInt8]) -> Bool {
        line.first { !Byte.isBlank($0) } == Byte.hash
    }

    private func source(from start: Int) -> SourceText {
        SourceText(
            file: file, line: start + 1, lastLine: start + 1, text: physical[start].trimmed.text)
    }
}

/// A line without the escape character at its end, and whether it had one.
private struct Continuation {
    var text: [UInt8]
    var goesOn: Bool

    init(_ line: [UInt8], escape: UInt8) {
        var end = line.count
        while end > 0, line[end - 1] == Byte.space || line[end - 1] == Byte.tab { end -= 1 }
        // Two of them are one that stands for itself.
        goesOn = end > 0 && line[end - 1] == escape && !(end > 1 && line[end - 2] == escape)
        text = goesOn ? Array(line[..<(end - 1)]) : line
    }
}
