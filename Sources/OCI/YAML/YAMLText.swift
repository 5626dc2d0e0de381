package import Diagnostics

/// Reads the part of YAML 1.2 that programs and people write into their configuration: block
/// mappings and sequences, flow ones, plain, quoted and block scalars, anchors, aliases and merged
/// mappings, comments, one document.
///
/// Tags, complex keys, and plain and quoted scalars of several lines are refused by name, never
/// misread (<https://yaml.org/spec/1.2.2/>).
package struct YAMLText {
    private let name: String
    /// All lines as they are: those of block scalars may look like anything.
    private var raw: [Substring] = []
    private var lines: [Line] = []
    private var next = 0
    /// How many mappings and sequences are being read, each in the one before.
    var depth = 0
    var anchors: [String: JSONValue] = [:]
    /// How many more values aliases may stand for: each may name one that has others in it.
    private var aliased = 100_000

    /// A line that says something.
    struct Line {
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
        reader.split(text)
        guard !reader.lines.isEmpty else { return .null }
        let value = try reader.readBlock(indentation: reader.lines[0].indentation)
        if let line = reader.line { throw reader.problem("is indented otherwise", line) }
        return value
    }

    private init(name: String) {
        self.name = name
    }

    private mutating func split(_ text: String) {
        var number = 0
        // A line of Windows ends with one character, for Swift.
        let ends: Set<Character> = ["\n", "\r\n"]
        raw = text.split(omittingEmptySubsequences: false, whereSeparator: ends.contains)
        for line in raw {
            number += 1
            let content = line.drop { $0 == " " }
            let indentation = line.count - content.count
            if content.isEmpty || content.hasPrefix("#") { continue }
            if indentation == 0, content.hasPrefix("%") || content == "---" { continue }
            if indentation == 0, content == "..." { break }
            lines.append(Line(number: number, indentation: indentation, text: content))
        }
    }

    private var line: Line? { next < lines.count ? lines[next] : nil }

    func problem(_ what: String, _ line: Line) -> Problem {
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
        return try readValue(line.text, line, below: indentation - 1, allowsItems: false)
    }

    /// Reads what follows a member's name or an item's dash: on its line, or below it, where it is
    /// indented more.
    private mutating func readValue(
        _ text: Substring, _ line: Line, below indentation: Int, allowsItems: Bool
    ) throws(Problem) -> JSONValue {
        if text.isEmpty || text.hasPrefix("#") {
            return try readNested(below: indentation, allowsItems: allowsItems)
        }
        switch text.first {
        case "&":
            var rest = text.dropFirst()
            let name = try takeName(&rest, line)
            let value = try readValue(
                rest.drop { $0 == " " }, line, below: indentation, allowsItems: allowsItems)
            anchors[name] = value
            return value
        case "|", ">": return try blockScalar(text, line, below: indentation)
        case "[", "{": return try scalar(try wholeFlow(text, line), line)
        default: return try scalar(text, line)
        }
    }

    /// Takes the name of an anchor or alias.
    func takeName(_ rest: inout Substring, _ line: Line) throws(Problem) -> String {
        let name = rest.prefix { !" ,[]{}".contains($0) }
        guard !name.isEmpty else { throw problem("has an anchor without a name", line) }
        rest = rest.dropFirst(name.count)
        return String(name)
    }

    /// What an alias stands for, whose star has been taken.
    mutating func alias(_ rest: inout Substring, _ line: Line) throws(Problem) -> JSONValue {
        let name = try takeName(&rest, line)
        guard let value = anchors[name] else {
            throw problem("has an alias of nothing before it", line)
        }
        aliased -= Self.size(of: value, upTo: aliased)
        guard aliased >= 0 else { throw problem("has aliases that stand for too much", line) }
        return value
    }

    /// How many values there are in one; beyond the limit nothing is counted.
    private static func size(of value: JSONValue, upTo most: Int) -> Int {
        let inside = value.array ?? value.object?.members.map(\.value) ?? []
        var sum = 1
        for value in inside where sum <= most { sum += size(of: value, upTo: most - sum) }
        return sum
    }

    /// A flow sequence or mapping with the lines on which it goes on.
    private mutating func wholeFlow(_ text: Substring, _ line: Line) throws(Problem) -> Substring {
        var part = FlowPart(text)
        var (whole, open) = (String(part.text), part.open)
        while open > 0, let more = self.line {
            part = FlowPart(more.text)
            whole += " " + part.text
            open += part.open
            next += 1
        }
        return whole[...]
    }

    /// Goes one level deeper; the caller comes back.
    mutating func descend(_ line: Line) throws(Problem) {
        guard depth < 100 else { throw problem("is nested more than 100 times", line) }
        depth += 1
    }

    private func isItem(_ text: Substring) -> Bool { text == "-" || text.hasPrefix("- ") }

    private mutating func readSequence(indentation: Int) throws(Problem) -> JSONValue {
        var items: [JSONValue] = []
        while let line, line.indentation == indentation, isItem(line.text) {
            let rest = line.text.dropFirst().drop { $0 == " " }
            guard let first = rest.first, !"#&|>".contains(first) else {
                next += 1
                items.append(
                    try readValue(rest, line, below: indentation, allowsItems: false))
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
        guard let first = line else { return .object(object) }
        var merged: [JSONValue] = []
        while let line, line.indentation == indentation, !isItem(line.text) {
            guard let (key, rest) = try key(of: line) else {
                throw problem("is no member of a mapping", line)
            }
            next += 1
            let value = try readValue(rest, line, below: indentation, allowsItems: true)
            if key == "<<" {
                merged.append(value)
                continue
            }
            guard object[key] == nil else { throw problem("repeats a name", line) }
            object[key] = value
        }
        for value in merged { try Self.merge(value, into: &object) { problem($0, first) } }
        return .object(object)
    }

    /// Adds the members of a mapping, or of several in a sequence, that are not there (`<<`).
    static func merge(
        _ value: JSONValue, into object: inout JSONObject, _ problem: (String) -> Problem
    ) throws(Problem) {
        for source in value.array ?? [value] {
            guard let members = source.object?.members else {
                throw problem("merges what is no mapping")
            }
            for member in members where object[member.name] == nil {
                object[member.name] = member.value
            }
        }
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
        guard !line.text.hasPrefix("\t"), !line.text.hasPrefix("--- ") else {
            throw problem("begins with a tab or a second document", line)
        }
        if let first = line.text.first, first == "\"" || first == "'" {
            var rest = line.text
            let name = try quoted(&rest, line)
            guard rest.first == ":" else { return nil }
            return (name, rest.dropFirst().drop { $0 == " " })
        }
        guard let first = line.text.first, !"[{&*|>".contains(first) else { return nil }
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

    /// Reads `|` or `>` and the lines below it (<https://yaml.org/spec/1.2.2/#81-block-scalar-styles>).
    private mutating func blockScalar(
        _ header: Substring, _ line: Line, below parent: Int
    ) throws(Problem) -> JSONValue {
        guard let style = YAMLBlockStyle(header) else {
            throw problem("has a block scalar whose header is none", line)
        }
        // An item may follow a dash, and then the mapping around it is what counts.
        var content: [Substring] = []
        var indentation = style.indentation.map { max(parent, 0) + $0 }
        var number = line.number
        while number < raw.count {
            let text = raw[number].drop { $0 == " " }
            let own = raw[number].count - text.count
            if text.isEmpty {
                content.append(raw[number].dropFirst(indentation ?? own))
            } else {
                let needed = indentation ?? own
                guard own > parent, own >= needed else { break }
                indentation = needed
                content.append(raw[number].dropFirst(needed))
            }
            number += 1
        }
        while let line = self.line, line.number <= number { next += 1 }
        return .string(style.text(of: content))
    }

    /// Refuses what begins a thing that this reader does not know.
    func check(_ text: Substring, _ line: Line) throws(Problem) {
        guard let first = text.first, "&*!|>%@`".contains(first) || text.hasPrefix("? ") else {
            return
        }
        throw problem("has a tag, or what this version of Kade does not read", line)
    }
}
