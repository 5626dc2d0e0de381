import Diagnostics

/// Values that are on one line: scalars, and sequences and mappings in brackets.
extension YAMLText {
    /// A line of a flow sequence or mapping.
    struct FlowPart {
        /// It without a comment.
        let text: Substring
        /// How many more brackets it opens than it closes, outside of quotes.
        let open: Int

        init(_ line: Substring) {
            var open = 0
            var mark: Character?
            var last: Character = " "
            var end = line.startIndex
            scan: for character in line {
                if let quote = mark {
                    if character == quote, quote == "'" || last != "\\" { mark = nil }
                } else {
                    switch character {
                    case "'", "\"": if " ,[{:".contains(last) { mark = character }
                    case "[", "{": open += 1
                    case "]", "}": open -= 1
                    case "#" where last == " ": break scan
                    default: break
                    }
                }
                last = character
                end = line.index(after: end)
            }
            text = line[..<end]
            self.open = open
        }
    }

    /// Reads a value that is on one line.
    mutating func scalar(_ text: Substring, _ line: Line) throws(Problem) -> JSONValue {
        var rest = text
        let value = try value(&rest, line, isFlow: false)
        if case .string(let plain) = value, let first = text.first, !"\"'*".contains(first) {
            // It would be a mapping, for which a line of its own is needed.
            var last: Character?
            for character in plain + " " {
                if last == ":", character == " " { throw problem("has a name in a value", line) }
                last = character
            }
        }
        rest = rest.drop { $0 == " " }
        guard rest.isEmpty || rest.hasPrefix("#") else { throw problem("has more behind it", line) }
        return value
    }

    private mutating func value(
        _ rest: inout Substring, _ line: Line, isFlow: Bool
    ) throws(Problem) -> JSONValue {
        try descend(line)
        defer { depth -= 1 }
        if rest.first == "*" {
            rest.removeFirst()
            return try alias(&rest, line)
        }
        if isFlow, rest.first == "&" {
            rest.removeFirst()
            let name = try takeName(&rest, line)
            rest = rest.drop { $0 == " " }
            let value = try value(&rest, line, isFlow: true)
            anchors[name] = value
            return value
        }
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
        var merged: [JSONValue] = []
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
            let value = try value(&rest, line, isFlow: true)
            if name == "<<", !isQuoted {
                merged.append(value)
            } else {
                object[name] = value
            }
            try separate(&rest, before: "}", line)
        }
        rest.removeFirst()
        for value in merged { try Self.merge(value, into: &object) { problem($0, line) } }
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

    func quoted(_ rest: inout Substring, _ line: Line) throws(Problem) -> String {
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
