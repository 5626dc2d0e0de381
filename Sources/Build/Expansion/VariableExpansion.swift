/// `$name`, and the forms in braces.
extension ShellReading {
    /// Reads a variable from its dollar sign on.
    mutating func readVariable() throws(ShellMistake) -> [UInt8] {
        let start = position
        position += 1
        guard next == UInt8(ascii: "{") else {
            let name = readName()
            guard !name.isEmpty else { return [Byte.dollar] }
            if let value = lexer.value(name) { return Array(value.utf8) }
            return lexer.keepsUnset ? [Byte.dollar] + Array(name.utf8) : []
        }
        position += 1
        switch next {
        case nil: throw ShellMistake("syntax error: missing '}'")
        case UInt8(ascii: "{")?, UInt8(ascii: "}")?, UInt8(ascii: ":")?:
            throw ShellMistake("syntax error: bad substitution")
        default: break
        }
        let name = readName()
        guard !name.isEmpty else { throw ShellMistake("syntax error: bad substitution") }
        let result = try readModified(name)
        if lexer.keepsUnset, lexer.value(name) == nil { return Array(text[start..<position]) }
        return Array(result.utf8)
    }

    /// A name of letters, digits and underscores; digits alone; or one special character.
    private mutating func readName() -> String {
        guard let first = next else { return "" }
        let start = position
        if Byte.isDigit(first) {
            while let byte = next, Byte.isDigit(byte) { position += 1 }
        } else if Byte.isNamePart(first) {
            while let byte = next, Byte.isNamePart(byte) { position += 1 }
        } else if "@*#?-$!".utf8.contains(first) {
            position += 1
        }
        return text[start..<position].text
    }

    /// What follows the name in the braces, up to their end.
    private mutating func readModified(_ name: String) throws(ShellMistake) -> String {
        let value = lexer.value(name)
        guard let modifier = take() else { throw ShellMistake("syntax error: missing '}'") }
        switch modifier {
        case UInt8(ascii: "}"): return value ?? ""
        case UInt8(ascii: ":"):
            guard let operation = take() else { throw ShellMistake("syntax error: missing '}'") }
            return try readAlternative(
                operation, name, value: value == "" ? nil : value, isEmpty: value == "",
                spelling: ":\([operation].text)")
        case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "?"):
            return try readAlternative(
                modifier, name, value: value, isEmpty: false, spelling: [modifier].text)
        case UInt8(ascii: "#"), UInt8(ascii: "%"):
            let isGreedy = next == modifier
            if isGreedy { position += 1 }
            let pattern = ShellPattern(
                try read(until: UInt8(ascii: "}"), keepsEscapes: true), escape: lexer.escape)
            return modifier == UInt8(ascii: "#")
                ? pattern.withoutPrefix(value ?? "", isGreedy: isGreedy)
                : pattern.withoutSuffix(value ?? "", isGreedy: isGreedy)
        case Byte.slash:
            let replacesAll = next == Byte.slash
            if replacesAll { position += 1 }
            let pattern = ShellPattern(
                try read(until: Byte.slash, keepsEscapes: true), escape: lexer.escape)
            let replacement = try read(until: UInt8(ascii: "}"), keepsEscapes: false).text
            return pattern.replacing(
                in: value ?? "", with: replacement, replacesAll: replacesAll)
        default:
            throw ShellMistake("unsupported modifier (\([modifier].text)) in substitution")
        }
    }

    private mutating func readAlternative(
        _ operation: UInt8, _ name: String, value: String?, isEmpty: Bool, spelling: String
    ) throws(ShellMistake) -> String {
        guard "-+?".utf8.contains(operation) else {
            throw ShellMistake("unsupported modifier (\(spelling)) in substitution")
        }
        let word = try read(until: UInt8(ascii: "}"), keepsEscapes: false).text
        switch operation {
        case UInt8(ascii: "-"): return value ?? word
        case UInt8(ascii: "+"): return value == nil ? "" : word
        default:
            if let value { return value }
            let usual = isEmpty ? "is not allowed to be empty" : "is not allowed to be unset"
            throw ShellMistake("\(name): \(word.isEmpty ? usual : word)")
        }
    }
}

/// A shell's pattern: `*` is any text, `?` one character, a backslash takes the next one its
/// meaning.
struct ShellPattern {
    private enum Part: Equatable {
        case anyText, anyCharacter
        case byte(UInt8)
    }

    private let parts: [Part]

    init(_ text: [UInt8], escape: UInt8) {
        var parts: [Part] = []
        var isEscaped = false
        for byte in text {
            if isEscaped {
                parts.append(.byte(byte))
                isEscaped = false
            } else if byte == escape {
                isEscaped = true
            } else if byte == UInt8(ascii: "*") {
                if parts.last != .anyText { parts.append(.anyText) }
            } else {
                parts.append(byte == UInt8(ascii: "?") ? .anyCharacter : .byte(byte))
            }
        }
        self.parts = parts
    }

    /// The text without the shortest or longest beginning that matches.
    func withoutPrefix(_ text: String, isGreedy: Bool) -> String {
        let bytes = Array(text.utf8)
        let ends = ends(of: bytes, from: 0)
        guard let end = isGreedy ? ends.max() : ends.min() else { return text }
        return bytes[end...].text
    }

    /// The text without the shortest or longest end that matches.
    func withoutSuffix(_ text: String, isGreedy: Bool) -> String {
        let bytes = Array(text.utf8)
        let starts = boundaries(bytes).filter { ends(of: bytes, from: $0).contains(bytes.count) }
        guard let start = isGreedy ? starts.min() : starts.max() else { return text }
        return bytes[..<start].text
    }

    /// The text with the first match, or all, replaced; matches are as long as can be.
    func replacing(in text: String, with replacement: String, replacesAll: Bool) -> String {
        let bytes = Array(text.utf8)
        guard !parts.isEmpty else { return text }
        var result: [UInt8] = []
        var position = 0
        var isDone = false
        while position < bytes.count {
            if !isDone, let end = ends(of: bytes, from: position).max(), end > position {
                result += Array(replacement.utf8)
                position = end
                isDone = !replacesAll
            } else {
                result.append(bytes[position])
                position += 1
            }
        }
        return result.text
    }

    /// Where matches that begin at a position may end.
    private func ends(of text: [UInt8], from start: Int) -> Set<Int> {
        var positions: Set<Int> = [start]
        for part in parts {
            switch part {
            case .anyText:
                guard let first = positions.min() else { return [] }
                positions = Set(boundaries(text).filter { $0 >= first })
            case .anyCharacter:
                positions = Set(positions.compactMap { Self.next(text, after: $0) })
            case .byte(let byte):
                positions = Set(
                    positions.filter { $0 < text.count && text[$0] == byte }.map { $0 + 1 })
            }
        }
        return positions
    }

    /// The positions between characters.
    private func boundaries(_ text: [UInt8]) -> [Int] {
        (0...text.count).filter { $0 == text.count || text[$0] & 0xc0 != 0x80 }
    }

    private static func next(_ text: [UInt8], after position: Int) -> Int? {
        guard position < text.count else { return nil }
        var next = position + 1
        while next < text.count, text[next] & 0xc0 == 0x80 { next += 1 }
        return next
    }
}
