package import Diagnostics

/// Reads the part of YAML 1.2 that programs write into their configuration: block mappings and
/// sequences, flow ones, plain and quoted scalars, comments, one document.
///
/// Anchors, aliases, tags, block scalars and scalars of several lines are refused by name, never
/// misread (<https://yaml.org/spec/1.2.2/>).
package struct YAMLText {
    private let name: String
    private var lines: [Line] = []
    private var next = 0
    /// How many mappings and sequences are being read, each in the one before.
    private var depth = 0

    /// A line that says something.
    private struct Line {
        let number: Int
        let indentation: Int
        let text: Substring
    }

    /// Parses a text.
    ///
    /// - Parameters:
    ///   - text: one document.
    ///   - name: what the text is, for the error: "/etc/cdi/nvidia.yaml".
    /// - Returns: the value.
    /// - Throws: `.invalid` with the line of the mistake.
    package static func parse(_ text: String, named name: String) throws(Problem) -> JSONValue {
        var reader = YAMLText(name: name)
        try reader.split(text)
        guard !reader.lines.isEmpty else { return .null }
        let value = try reader.readBlock(indentation: reader.lines[0].indentation)
        if let line = reader.line { throw reader.problem("is indented otherwise", line) }
        return value
    }

    private init(name: String) {
        self.name = name
    }

    private mutating func split(_ text: String) throws(Problem) {
        var number = 0
        // A line of Windows ends with one character, for Swift.
        let ends: Set<Character> = ["\n", "\r\n"]
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: ends.contains) {
            number += 1
            let content = line.drop { $0 == " " }
            let indentation = line.count - content.count
            if content.isEmpty || content.hasPrefix("#") { continue }
            if indentation == 0, content.hasPrefix("%") || content == "---" { continue }
            if indentation == 0, content == "..." { break }
            let parsed = Line(number: number, indentation: indentation, text: content)
            guard !content.hasPrefix("\t"), !content.hasPrefix("--- ") else {
                throw problem("begins with a tab or a second document", parsed)
            }
            lines.append(parsed)
        }
    }

    private var line: Line? { next < lines.count ? lines[next] : nil }

    private func problem(_ what: String, _ line: Line) -> Problem {
        Problem(
            kind: .invalid, what: "cannot read \(name)",
            why: "line \(line.number) \(what): \(line.text.prefix(60))",
            fix: "write it as plain YAML, or as JSON")
    }

    /// Reads the mapping or sequence whose lines have an indentation.
    private mutating func readBlock(indentation: Int) throws(Problem) -> JSONValue {
        guard let line else { return .null }
        try descend(line)
        defer { depth -= 1 }
        if isItem(line.text) { return try readSequence(indentation: indentation) }
        if try key(of: line) != nil { return try readMapping(indentation: indentation) }
        next += 1
        return try scalar(line.text, line)
    }

    /// Goes one level deeper; the caller comes back.
    private mutating func descend(_ line: Line) throws(Problem) {
        guard depth < 100 else { throw problem("is nested more than 100 times", line) }
        depth += 1
    }

    private func isItem(_ text: Substring) -> Bool { text == "-" || text.hasPrefix("- ") }

    private mutating func readSequence(indentation: Int) throws(Problem) -> JSONValue {
        var items: [JSONValue] = []
        while let line, line.indentation == indentation, isItem(line.text) {
            let rest = line.text.dropFirst().drop { $0 == " " }
            guard !rest.isEmpty, !rest.hasPrefix("#") else {
                next += 1
                items.append(try readNested(below: indentation, allowsItems: false))
                continue
            }
            // What follows the dash is a block of its own, indented by where it begins.
            let inner = line.indentation + line.text.count - rest.count
            lines[next] = Line(number: line.number, indentation: inner, text: rest)
            items.append(try readBlock(indentation: inner))
        }
        return .array(items)
    }

    private mutating func readMapping(indentation: Int) throws(Problem) -> JSONValue {
        var object = JSONObject()
        while let line, line.indentation == indentation, !isItem(line.text) {
            guard let (key, rest) = try key(of: line) else {
                throw problem("is no member of a mapping", line)
            }
            guard object[key] == nil else { throw problem("repeats a name", line) }
            next += 1
            if rest.isEmpty || rest.hasPrefix("#") {
                object[key] = try readNested(below: indentation, allowsItems: true)
            } else {
                object[key] = try scalar(rest, line)
            }
        }
        return .object(object)
    }

    /// Reads the block below a line that ended with its name; null where there is none.
    private mutating func readNested(
        below indentation: Int, allowsItems: Bool
    ) throws(Problem) -> JSONValue {
        guard let line else { return .null }
        // The items of a member's sequence may stand below its name itself.
        let isBelow =
            line.indentation > indentation
            || (allowsItems && line.indentation == indentation && isItem(line.text))
        return isBelow ? try readBlock(indentation: line.indentation) : .null
    }

    /// The name of a mapping's member and what follows it on the line; nil where the line is none.
    private func key(of line: Line) throws(Problem) -> (name: String, rest: Substring)? {
        if let first = line.text.first, first == "\"" || first == "'" {
            var rest = line.text
            let name = try quoted(&rest, line)
            guard rest.first == ":" else { return nil }
            return (name, rest.dropFirst().drop { $0 == " " })
        }
        guard let first = line.text.first, !"[{".contains(first) else { return nil }
        var index = line.text.startIndex
        while index < line.text.endIndex {
            let following = line.text.index(after: index)
            if line.text[index] == ":",
                following == line.text.endIndex || line.text[following] == " "
            {
                let name = String(line.text[..<index])
                try check(name[...], line)
                return (name, line.text[following...].drop { $0 == " " })
            }
            if line.text[index] == "#", index > line.text.startIndex,
                line.text[line.text.index(before: index)] == " "
            {
                return nil
            }
            index = following
        }
        return nil
    }

    /// Refuses what begins a thing that this reader does not know.
    private func check(_ text: Substring, _ line: Line) throws(Problem) {
        guard let first = text.first, "&*!|>%@`".contains(first) || text.hasPrefix("? ") else {
            return
        }
        throw problem("has an anchor, alias, tag or block scalar", line)
    }

    /// Reads a value that is on one line.
    private mutating func scalar(_ text: Substring, _ line: Line) throws(Problem) -> JSONValue {
        var rest = text
        let value = try value(&rest, line, isFlow: false)
        rest = rest.drop { $0 == " " }
        guard rest.isEmpty || rest.hasPrefix("#") else { throw problem("has more behind it", line) }
        return value
    }

    private mutating func value(
        _ rest: inout Substring, _ line: Line, isFlow: Bool
    ) throws(Problem) -> JSONValue {
        try descend(line)
        defer { depth -= 1 }
        try check(rest, line)
        switch rest.first {
        case "\"", "'": return .string(try quoted(&rest, line))
        case "[": return try flowSequence(&rest, line)
        case "{": return try flowMapping(&rest, line)
        default: return plain(&rest, isFlow: isFlow)
        }
    }

    private mutating func flowSequence(
        _ rest: inout Substring, _ line: Line
    ) throws(Problem) -> JSONValue {
        var items: [JSONValue] = []
        rest.removeFirst()
        while true {
            rest = rest.drop { $0 == " " }
            if rest.first == "]" { break }
            items.append(try value(&rest, line, isFlow: true))
            try separate(&rest, before: "]", line)
        }
        rest.removeFirst()
        return .array(items)
    }

    private mutating func flowMapping(
        _ rest: inout Substring, _ line: Line
    ) throws(Problem) -> JSONValue {
        var object = JSONObject()
        rest.removeFirst()
        while true {
            rest = rest.drop { $0 == " " }
            if rest.first == "}" { break }
            let isQuoted = rest.first == "\"" || rest.first == "'"
            let name: String
            if isQuoted {
                name = try quoted(&rest, line)
            } else {
                name = String(rest.prefix { !":,}".contains($0) })
                rest = rest.dropFirst(name.count)
            }
            guard rest.first == ":" else { throw problem("has no : in { }", line) }
            rest = rest.dropFirst().drop { $0 == " " }
            object[name] = try value(&rest, line, isFlow: true)
            try separate(&rest, before: "}", line)
        }
        rest.removeFirst()
        return .object(object)
    }

    private func separate(
        _ rest: inout Substring, before end: Character, _ line: Line
    ) throws(Problem) {
        rest = rest.drop { $0 == " " }
        if rest.first == "," {
            rest.removeFirst()
        } else if rest.first != end {
            throw problem("does not end its \(end)", line)
        }
    }

    private func quoted(_ rest: inout Substring, _ line: Line) throws(Problem) -> String {
        let mark = rest.removeFirst()
        var result = ""
        while let character = rest.popFirst() {
            if character == mark {
                guard mark == "'", rest.first == "'" else { return result }
                result.append(rest.removeFirst())
            } else if character == "\\", mark == "\"" {
                guard let escaped = rest.popFirst(), let meaning = Self.escapes[escaped] else {
                    throw problem("has an escape that is not known", line)
                }
                result.append(meaning)
            } else {
                result.append(character)
            }
        }
        throw problem("does not end its quotes", line)
    }

    private static let escapes: [Character: Character] = [
        "n": "\n", "t": "\t", "r": "\r", "0": "\0", "\"": "\"", "\\": "\\", "/": "/", " ": " ",
    ]

    private func plain(_ rest: inout Substring, isFlow: Bool) -> JSONValue {
        var text = ""
        while let character = rest.first {
            if isFlow, ",]}".contains(character) { break }
            if character == "#", text.hasSuffix(" ") { break }
            text.append(character)
            rest.removeFirst()
        }
        while text.hasSuffix(" ") { text.removeLast() }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        if let whole = Int64(text) { return .number(JSONNumber(whole)) }
        if text.hasPrefix("0o"), let octal = Int64(text.dropFirst(2), radix: 8) {
            return .number(JSONNumber(octal))
        }
        if text.hasPrefix("0x"), let hexadecimal = Int64(text.dropFirst(2), radix: 16) {
            return .number(JSONNumber(hexadecimal))
        }
        let isDecimal = text.allSatisfy { $0.isNumber || "+-.eE".contains($0) }
        if isDecimal, let value = Double(text), value.isFinite { return .number(JSONNumber(value)) }
        return .string(text)
    }
}
