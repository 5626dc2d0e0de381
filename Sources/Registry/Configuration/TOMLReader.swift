package import Diagnostics

/// Reads TOML 1.0 as configuration files need it: all but fractions and dates, which are errors.
package struct TOMLReader {
    let scalars: [Unicode.Scalar]
    var position = 0
    var line = 1
    let file: String

    /// Reads a file's text.
    ///
    /// - Parameters:
    ///   - bytes: the text in UTF-8.
    ///   - file: the file's name, for errors.
    /// - Returns: the table of all.
    /// - Throws: `.invalid` that names the line and what is wrong there.
    package static func parse(_ bytes: [UInt8], named file: String) throws(Problem) -> TOMLTable {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Problem(
                kind: .invalid, what: "cannot read \(file)", why: "it is not in UTF-8",
                fix: "mend the file")
        }
        var reader = TOMLReader(text, file: file)
        return try reader.document()
    }

    private init(_ text: String, file: String) {
        // A line ends with "\n" alone or after "\r".
        scalars = Array(text.unicodeScalars)
        self.file = file
    }

    private mutating func document() throws(Problem) -> TOMLTable {
        var root = TOMLTable(line: 1, origin: .header)
        var path: [String] = []
        while true {
            skipBlank()
            guard let next = peek() else { return root }
            if next == "[" {
                path = try header(&root)
            } else {
                try pair(into: &root, at: path)
            }
            try endOfLine()
        }
    }

    // MARK: Headers and keys

    /// `[a.b]` or `[[a.b]]`; returns the path of the table that begins.
    private mutating func header(_ root: inout TOMLTable) throws(Problem) -> [String] {
        let start = line
        position += 1
        let isList = peek() == "["
        if isList { position += 1 }
        let path = try keys()
        try expect("]")
        if isList { try expect("]") }
        do throws(Conflict) {
            try root.open(path[...], isList: isList, line: start)
        } catch {
            throw mistake("[\(path.joined(separator: "."))] \(error.why)", at: start)
        }
        return path
    }

    /// `key = value` in the table of the last header.
    private mutating func pair(into root: inout TOMLTable, at path: [String]) throws(Problem) {
        let start = line
        let keys = try keys()
        try expect("=")
        let value = try value()
        do throws(Conflict) {
            try root.insert(value, keys[...], below: path[...], line: start)
        } catch {
            throw mistake("\"\(keys.joined(separator: "."))\" \(error.why)", at: start)
        }
    }

    private mutating func keys() throws(Problem) -> [String] {
        var keys: [String] = []
        while true {
            skipSpaces()
            keys.append(try key())
            skipSpaces()
            guard peek() == "." else { return keys }
            position += 1
        }
    }

    private mutating func key() throws(Problem) -> String {
        if peek() == "\"" || peek() == "'" { return try string(mayHaveLines: false) }
        var text = String.UnicodeScalarView()
        while let next = peek(), Self.isBare(next) {
            text.append(next)
            position += 1
        }
        guard !text.isEmpty else { throw mistake("a key is expected, not \(shown(peek()))") }
        return String(text)
    }

    private static func isBare(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: false
        }
    }

    // MARK: Values

    private mutating func value() throws(Problem) -> TOMLValue {
        skipSpaces()
        switch peek() {
        case "\"", "'": return .string(try string(mayHaveLines: true))
        case "[": return .array(try array())
        case "{": return .table(try inlineTable())
        default: return try word()
        }
    }

    private mutating func array() throws(Problem) -> [TOMLValue] {
        position += 1
        var elements: [TOMLValue] = []
        while true {
            skipBlank()
            if peek() == "]" { break }
            elements.append(try value())
            skipBlank()
            if peek() == "," {
                position += 1
            } else if peek() != "]" {
                throw mistake("the list goes on with \(shown(peek())), not with \",\" or \"]\"")
            }
        }
        position += 1
        return elements
    }

    private mutating func inlineTable() throws(Problem) -> TOMLTable {
        position += 1
        var table = TOMLTable(line: line, origin: .header)
        skipSpaces()
        while peek() != "}" {
            try pair(into: &table, at: [])
            skipSpaces()
            if peek() == "," {
                position += 1
                skipSpaces()
                if peek() == "}" { throw mistake("a \",\" stands before \"}\"") }
            } else if peek() != "}" {
                throw mistake("the table goes on with \(shown(peek())), not with \",\" or \"}\"")
            }
        }
        position += 1
        table.origin = .inline
        return table
    }

    /// true, false or a whole number.
    private mutating func word() throws(Problem) -> TOMLValue {
        var text = ""
        while let next = peek(), Self.isBare(next) || ["+", ".", ":"].contains(next) {
            text.unicodeScalars.append(next)
            position += 1
        }
        switch text {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "": throw mistake("a value is expected, not \(shown(peek()))")
        default: break
        }
        guard let number = Self.integer(text) else {
            throw mistake("\(text) is no string, number, boolean, list or table")
        }
        return .integer(number)
    }

    private static func integer(_ text: String) -> Int? {
        var digits = text.filter { $0 != "_" }
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
            return Int(digits.dropFirst(2), radix: radix)
        }
        if digits.hasPrefix("+") { digits.removeFirst() }
        let magnitude = digits.hasPrefix("-") ? digits.dropFirst() : digits[...]
        guard magnitude == "0" || !magnitude.hasPrefix("0") else { return nil }
        return Int(digits)
    }
}
