package import Diagnostics

/// Reads TOML 1.0 as configuration files need it: all but fractions and dates, which are errors.
package struct TOMLReader {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    private let file: String

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

    // MARK: Strings

    private mutating func string(mayHaveLines: Bool) throws(Problem) -> String {
        guard let quote = peek() else { throw mistake("the file ends in a string") }
        let isLong = peek(1) == quote && peek(2) == quote
        guard !isLong || mayHaveLines else { throw mistake("a key has only one line") }
        position += isLong ? 3 : 1
        if isLong, peek() == "\r", peek(1) == "\n" { position += 1 }
        if isLong, peek() == "\n" { advanceLine() }
        var text = String.UnicodeScalarView()
        while true {
            guard let next = peek() else { throw mistake("a string does not end") }
            if next == quote, !isLong || peek(1) == quote && peek(2) == quote {
                position += 1
                guard isLong else { return String(text) }
                position += 2
                // Up to two further quotation marks are the string's own.
                for _ in 0..<2 where peek() == quote {
                    text.append(quote)
                    position += 1
                }
                return String(text)
            }
            if next == "\n" {
                guard isLong else { throw mistake("a string does not end in its line") }
                text.append(next)
                advanceLine()
            } else if next == "\\", quote == "\"" {
                position += 1
                if let escaped = try escape(isLong: isLong) { text.append(escaped) }
            } else if next.value < 0x20 && next != "\t" && !(next == "\r" && isLong)
                || next.value == 0x7f
            {
                throw mistake("a string has the control character \(next.value)")
            } else {
                text.append(next)
                position += 1
            }
        }
    }

    /// What follows a backslash; nil for a line break, which is left out with the spaces after it.
    private mutating func escape(isLong: Bool) throws(Problem) -> Unicode.Scalar? {
        guard let next = peek() else { throw mistake("a string does not end") }
        position += 1
        switch next {
        case "b": return "\u{8}"
        case "t": return "\t"
        case "n": return "\n"
        case "f": return "\u{c}"
        case "r": return "\r"
        case "\"", "\\": return next
        case "u", "U":
            let count = next == "u" ? 4 : 8
            let digits = scalars[position..<min(position + count, scalars.count)]
            var text = ""
            text.unicodeScalars.append(contentsOf: digits)
            guard digits.count == count, let value = UInt32(text, radix: 16),
                let scalar = Unicode.Scalar(value)
            else { throw mistake("\\\(next)\(text) is no character") }
            position += count
            return scalar
        case " ", "\t", "\r", "\n":
            position -= 1
            var hasBreak = false
            while let blank = peek(), [" ", "\t", "\r", "\n"].contains(blank) {
                if blank == "\n" {
                    hasBreak = true
                    advanceLine()
                } else {
                    position += 1
                }
            }
            guard isLong, hasBreak else { throw mistake("\"\\ \" means nothing in a string") }
            return nil
        default: throw mistake("\\\(next) means nothing in a string")
        }
    }

    // MARK: Scanning

    private func peek(_ distance: Int = 0) -> Unicode.Scalar? {
        let place = position + distance
        return place < scalars.count ? scalars[place] : nil
    }

    private mutating func advanceLine() {
        position += 1
        line += 1
    }

    private mutating func skipSpaces() {
        while peek() == " " || peek() == "\t" { position += 1 }
    }

    /// Skips spaces, line breaks and comments.
    private mutating func skipBlank() {
        while let next = peek() {
            switch next {
            case " ", "\t", "\r": position += 1
            case "\n": advanceLine()
            case "#": skipComment()
            default: return
            }
        }
    }

    private mutating func skipComment() {
        while let next = peek(), next != "\n" { position += 1 }
    }

    private mutating func endOfLine() throws(Problem) {
        skipSpaces()
        if peek() == "#" { skipComment() }
        if peek() == "\r" { position += 1 }
        guard let next = peek() else { return }
        guard next == "\n" else { throw mistake("\(shown(next)) follows what ends the line") }
        advanceLine()
    }

    private mutating func expect(_ scalar: Unicode.Scalar) throws(Problem) {
        skipSpaces()
        guard peek() == scalar else {
            throw mistake("\"\(scalar)\" is expected, not \(shown(peek()))")
        }
        position += 1
    }

    private func shown(_ scalar: Unicode.Scalar?) -> String {
        switch scalar {
        case nil: "the file's end"
        case "\n": "the line's end"
        case let scalar?: "\"\(scalar)\""
        }
    }

    private func mistake(_ why: String, at line: Int? = nil) -> Problem {
        Problem(
            kind: .invalid, what: "cannot read \(file)", why: "line \(line ?? self.line): \(why)",
            fix: "mend the file")
    }
}

/// Why a key or header does not go together with what is there.
private struct Conflict: Error {
    var why: String
}

extension TOMLTable {
    /// Begins a table, or a further one of a list.
    fileprivate mutating func open(
        _ path: ArraySlice<String>, isList: Bool, line: Int
    ) throws(Conflict) {
        guard let key = path.first else { return }
        if path.count > 1 {
            return try changeTable(key, line: line, origin: .implied) { table throws(Conflict) in
                try table.open(path.dropFirst(), isList: isList, line: line)
            }
        }
        let new = TOMLTable(line: line, origin: .header)
        switch self[key] {
        case nil: set(key, isList ? .array([.table(new)]) : .table(new), line: line)
        case .table(var table) where !isList && table.origin == .implied:
            table.origin = .header
            set(key, .table(table), line: line)
        case .array(let elements) where isList && elements.last?.isHeaderTable == true:
            set(key, .array(elements + [.table(new)]), line: line)
        default: throw Conflict(why: "is there already, since line \(self.line(of: key))")
        }
    }

    /// Sets a key of the table that a header began.
    fileprivate mutating func insert(
        _ value: TOMLValue, _ keys: ArraySlice<String>, below path: ArraySlice<String>, line: Int
    ) throws(Conflict) {
        if let next = path.first {
            return try changeTable(next, line: line, origin: .implied) { table throws(Conflict) in
                try table.insert(value, keys, below: path.dropFirst(), line: line)
            }
        }
        guard let key = keys.first else { return }
        if keys.count > 1 {
            return try changeTable(key, line: line, origin: .dotted) { table throws(Conflict) in
                guard table.origin == .dotted else { throw Conflict(why: "adds to another table") }
                try table.insert(value, keys.dropFirst(), below: [], line: line)
            }
        }
        guard self[key] == nil else {
            throw Conflict(why: "is there already, since line \(self.line(of: key))")
        }
        set(key, value, line: line)
    }

    /// Changes the table of a key, or the last one of its list; makes it where there is none.
    private mutating func changeTable(
        _ key: String, line: Int, origin: Origin,
        _ change: (inout TOMLTable) throws(Conflict) -> Void
    ) throws(Conflict) {
        switch self[key] {
        case nil:
            var table = TOMLTable(line: line, origin: origin)
            try change(&table)
            set(key, .table(table), line: line)
        case .table(var table) where table.origin != .inline:
            try change(&table)
            set(key, .table(table), line: line)
        case .array(var elements):
            guard case .table(var table)? = elements.last, table.origin == .header else {
                throw Conflict(why: "adds to a list that is closed")
            }
            try change(&table)
            elements[elements.count - 1] = .table(table)
            set(key, .array(elements), line: line)
        default: throw Conflict(why: "adds to \"\(key)\", which is no open table")
        }
    }
}

extension TOMLValue {
    fileprivate var isHeaderTable: Bool {
        guard case .table(let table) = self else { return false }
        return table.origin == .header
    }
}
