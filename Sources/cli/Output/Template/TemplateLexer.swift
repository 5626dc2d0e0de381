/// Cuts a template into text and the tokens of its actions (Go's text/template/parse, lex.go).
struct TemplateLexer {
    /// One piece of a template.
    enum Token: Equatable {
        case text(String)
        case open, close
        case leftParenthesis, rightParenthesis
        case pipe, comma, declare, assign
        case dot
        /// `.Name`; `isChained` when nothing separates it from what stands before.
        case field(String, isChained: Bool)
        /// `$` or `$name`, with the dollar sign.
        case variable(String)
        case identifier(String)
        case string(String)
        case integer(Int64)
        case number(Double)
    }

    private var rest: Substring
    private var tokens: [Token] = []
    private var line = 1

    /// The tokens of a template, and the line of each for messages.
    static func tokens(of template: String) throws(TemplateError) -> [Token] {
        var lexer = TemplateLexer(rest: Substring(template))
        try lexer.readTemplate()
        return lexer.tokens
    }

    private init(rest: Substring) { self.rest = rest }

    private mutating func readTemplate() throws(TemplateError) {
        var trimsNext = false
        while true {
            let text = readText()
            let isAction = rest.hasPrefix("{{")
            var piece = Substring(text)
            if trimsNext { piece = piece.drop { $0.isWhitespace } }
            if isAction, rest.dropFirst(2).first == "-",
                rest.dropFirst(3).first?.isWhitespace == true
            {
                while piece.last?.isWhitespace == true { piece.removeLast() }
                rest.removeFirst(2)
            }
            if !piece.isEmpty { tokens.append(.text(String(piece))) }
            guard isAction else { return }
            rest.removeFirst(2)
            trimsNext = try readAction()
        }
    }

    private mutating func readText() -> String {
        var text = ""
        while !rest.isEmpty && !rest.hasPrefix("{{") { text.append(rest.removeFirst()) }
        line += text.count { $0.isNewline }
        return text
    }

    /// Reads up to `}}`; true when the text after it is to lose its blanks (`-}}`).
    private mutating func readAction() throws(TemplateError) -> Bool {
        if rest.first == "-" { rest.removeFirst() }
        rest = rest.drop { $0.isWhitespace }
        if rest.hasPrefix("/*") { return try skipComment() }
        tokens.append(.open)
        while true {
            let blanks = rest.prefix { $0.isWhitespace }
            rest = rest.dropFirst(blanks.count)
            guard let next = rest.first else { throw .parsing(line, "unclosed action") }
            if rest.hasPrefix("}}") || (!blanks.isEmpty && rest.hasPrefix("-}}")) {
                let trims = next == "-"
                rest.removeFirst(trims ? 3 : 2)
                tokens.append(.close)
                return trims
            }
            tokens.append(try readToken(next, isChained: blanks.isEmpty))
        }
    }

    private mutating func skipComment() throws(TemplateError) -> Bool {
        while !rest.hasPrefix("*/") {
            guard !rest.isEmpty else { throw .parsing(line, "unclosed comment") }
            rest.removeFirst()
        }
        rest.removeFirst(2)
        let trims = rest.first?.isWhitespace == true
        rest = rest.drop { $0.isWhitespace }
        guard rest.hasPrefix(trims ? "-}}" : "}}") || rest.hasPrefix("}}") else {
            throw .parsing(line, "comment ends before closing delimiter")
        }
        let hasMarker = rest.hasPrefix("-")
        rest.removeFirst(hasMarker ? 3 : 2)
        return hasMarker
    }

    private mutating func readToken(
        _ next: Character, isChained: Bool
    ) throws(TemplateError) -> Token {
        switch next {
        case "(": return take(1, .leftParenthesis)
        case ")": return take(1, .rightParenthesis)
        case "|": return take(1, .pipe)
        case ",": return take(1, .comma)
        case "=": return take(1, .assign)
        case ":":
            guard rest.hasPrefix(":=") else { throw .parsing(line, "expected :=") }
            return take(2, .declare)
        case "\"": return .string(try readQuoted())
        case "`":
            rest.removeFirst()
            guard let end = rest.firstIndex(of: "`") else {
                throw .parsing(line, "unterminated raw quoted string")
            }
            defer { rest = rest[rest.index(after: end)...] }
            return .string(String(rest[..<end]))
        case "'": return try readCharacter()
        case ".":
            if rest.dropFirst().first.map(Self.isNameStart) == true {
                rest.removeFirst()
                return .field(readName(), isChained: isChained && !isAfterOpen)
            }
            if rest.dropFirst().first?.isNumber == true { return try readNumber() }
            return take(1, .dot)
        case "$":
            rest.removeFirst()
            return .variable("$" + readName())
        case "+", "-", "0"..."9": return try readNumber()
        default:
            guard Self.isNameStart(next) else {
                throw .parsing(line, "unexpected \"\(next)\" in operand")
            }
            return .identifier(readName())
        }
    }

    private var isAfterOpen: Bool { tokens.last == .open }

    private mutating func take(_ count: Int, _ token: Token) -> Token {
        rest.removeFirst(count)
        return token
    }

    private static func isNameStart(_ character: Character) -> Bool {
        character.isLetter || character == "_"
    }

    private mutating func readName() -> String {
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        rest = rest.dropFirst(name.count)
        return String(name)
    }

    private mutating func readNumber() throws(TemplateError) -> Token {
        let text = rest.prefix { $0.isLetter || $0.isNumber || "+-._".contains($0) }
        rest = rest.dropFirst(text.count)
        let digits = text.filter { $0 != "_" }
        if let value = Int64(digits) { return .integer(value) }
        if digits.lowercased().hasPrefix("0x"), let value = Int64(digits.dropFirst(2), radix: 16) {
            return .integer(value)
        }
        guard let value = Double(digits) else {
            throw .parsing(line, "bad number syntax: \"\(text)\"")
        }
        return .number(value)
    }

    /// A character constant is the number of its code point, as in Go.
    private mutating func readCharacter() throws(TemplateError) -> Token {
        rest.removeFirst()
        var text = ""
        while let next = rest.first, next != "'" {
            text.append(try readEscaped())
        }
        guard rest.popFirst() == "'", text.unicodeScalars.count == 1,
            let scalar = text.unicodeScalars.first
        else { throw .parsing(line, "unterminated character constant") }
        return .integer(Int64(scalar.value))
    }

    private mutating func readQuoted() throws(TemplateError) -> String {
        rest.removeFirst()
        var text = ""
        while let next = rest.first, next != "\"" {
            guard !next.isNewline else { break }
            text.append(try readEscaped())
        }
        guard rest.popFirst() == "\"" else { throw .parsing(line, "unterminated quoted string") }
        return text
    }

    /// One character of a quoted text, with Go's escapes.
    private mutating func readEscaped() throws(TemplateError) -> Character {
        let first = rest.removeFirst()
        guard first == "\\" else { return first }
        switch rest.popFirst() {
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "\\": return "\\"
        case "\"": return "\""
        case "'": return "'"
        case "a": return "\u{07}"
        case "b": return "\u{08}"
        case "f": return "\u{0C}"
        case "v": return "\u{0B}"
        case "x": return try readCodePoint(digits: 2)
        case "u": return try readCodePoint(digits: 4)
        case "U": return try readCodePoint(digits: 8)
        default: throw .parsing(line, "invalid syntax")
        }
    }

    private mutating func readCodePoint(digits: Int) throws(TemplateError) -> Character {
        let text = rest.prefix(digits)
        rest = rest.dropFirst(digits)
        guard text.count == digits, let value = UInt32(text, radix: 16),
            let scalar = Unicode.Scalar(value)
        else { throw .parsing(line, "invalid syntax") }
        return Character(scalar)
    }
}

/// A template that cannot be read or does not fit its data, in the words of Go's text/template.
struct TemplateError: Error, Equatable {
    let text: String

    static func parsing(_ line: Int, _ text: String) -> TemplateError {
        TemplateError(text: "template: :\(line): \(text)")
    }

    static func executing(_ place: String, _ text: String) -> TemplateError {
        TemplateError(text: "template: :1: executing \"\" at <\(place)>: \(text)")
    }
}
