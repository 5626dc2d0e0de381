import Diagnostics

/// A map of texts and maps, in the part of YAML that registries.d needs.
///
/// Keys and values are plain or quoted, in lines that are indented by spaces. All else (lists, anchors,
/// braces, texts of several lines) is an error that names the line.
struct YAMLMap: Sendable, Equatable {
    private(set) var entries: [Entry] = []
    private let file: String

    /// A key and what it stands for.
    struct Entry: Sendable, Equatable {
        var key: String
        var value: Value
        var line: Int
    }

    /// A value.
    enum Value: Sendable, Equatable {
        case text(String)
        case map(YAMLMap)
    }

    /// Reads a file's text.
    ///
    /// - Throws: `.invalid` that names the line.
    init(parsing bytes: [UInt8], named file: String) throws(Problem) {
        var lines: [Line] = []
        let text = String(decoding: bytes, as: UTF8.self)
        for (index, raw) in text.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline
        ).enumerated() {
            let indent = raw.prefix { $0 == " " }.count
            let content = raw.dropFirst(indent)
            if content.isEmpty || content.hasPrefix("#") || content == "---" { continue }
            guard !content.hasPrefix("\t") else {
                throw Self.mistake(file, index + 1, "a tab is no indentation")
            }
            lines.append(Line(indent: indent, content: content, number: index + 1))
        }
        var rest = lines[...]
        try self.init(&rest, file: file)
        if let line = rest.first {
            throw Self.mistake(file, line.number, "it is not indented right")
        }
    }

    /// The map of a key.
    func map(_ entry: Entry) throws(Problem) -> YAMLMap {
        switch entry.value {
        case .map(let map): return map
        case .text(""): return YAMLMap(file: file)
        case .text: throw mistake(entry, "is a text and has to be a map")
        }
    }

    /// The text of a key.
    func text(_ entry: Entry) throws(Problem) -> String {
        guard case .text(let text) = entry.value else {
            throw mistake(entry, "is a map and has to be a text")
        }
        return text
    }

    /// An error about a key.
    func mistake(_ entry: Entry, _ why: String) -> Problem {
        Self.mistake(file, entry.line, "\"\(entry.key)\" \(why)")
    }

    private struct Line {
        var indent: Int
        var content: Substring
        var number: Int
    }

    private init(file: String) { self.file = file }

    /// Takes the lines of one map.
    private init(_ lines: inout ArraySlice<Line>, file: String) throws(Problem) {
        self.file = file
        guard let first = lines.first else { return }
        while let line = lines.first, line.indent == first.indent {
            lines.removeFirst()
            var rest = line.content
            let key = try Self.scalar(&rest, endsAtColon: true, line, file)
            guard rest.hasPrefix(":"), rest.count == 1 || rest.dropFirst().hasPrefix(" ") else {
                throw Self.mistake(file, line.number, "it is not of the form key: value")
            }
            guard !entries.contains(where: { $0.key == key }) else {
                throw Self.mistake(file, line.number, "\"\(key)\" is there twice")
            }
            rest = rest.dropFirst().drop { $0 == " " }
            if rest.hasPrefix("#") { rest = "" }
            if rest == "{}" {
                entries.append(Entry(key: key, value: .map(YAMLMap(file: file)), line: line.number))
                continue
            }
            if rest.isEmpty, let next = lines.first, next.indent > line.indent {
                let map = try YAMLMap(&lines, file: file)
                entries.append(Entry(key: key, value: .map(map), line: line.number))
                continue
            }
            let text = try Self.scalar(&rest, endsAtColon: false, line, file)
            rest = rest.drop { $0 == " " }
            guard rest.isEmpty || rest.hasPrefix("#") else {
                throw Self.mistake(file, line.number, "\"\(rest)\" follows the value")
            }
            entries.append(Entry(key: key, value: .text(text), line: line.number))
        }
        if let line = lines.first, line.indent > first.indent {
            throw Self.mistake(file, line.number, "it is not indented right")
        }
    }

    /// Takes a plain or quoted text from the front of a line.
    private static func scalar(
        _ rest: inout Substring, endsAtColon: Bool, _ line: Line, _ file: String
    ) throws(Problem) -> String {
        guard let first = rest.first else { return "" }
        if first == "\"" || first == "'" {
            let inner = rest.dropFirst().prefix { $0 != first }
            guard inner.endIndex < rest.endIndex, !inner.contains("\\") else {
                throw mistake(file, line.number, "a quoted text does not end, or has an escape")
            }
            rest = rest[rest.index(after: inner.endIndex)...]
            return String(inner)
        }
        guard !"-[]{}&*!|>%@`,?".contains(first) else {
            throw mistake(file, line.number, "\"\(first)\" begins what is not supported here")
        }
        var end = rest.startIndex
        while end < rest.endIndex {
            let next = rest.index(after: end)
            let isBeforeSpace = next == rest.endIndex || rest[next] == " "
            if rest[end] == ":", isBeforeSpace {
                guard endsAtColon else {
                    throw mistake(file, line.number, "\": \" stands in a value")
                }
                break
            }
            if rest[end] == " ", next < rest.endIndex, rest[next] == "#" { break }
            end = next
        }
        var text = rest[..<end]
        rest = rest[end...]
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }

    private static func mistake(_ file: String, _ line: Int, _ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot read \(file)", why: "line \(line): \(why)",
            fix: "mend the file")
    }
}
