import Linux

/// Values in GVariant's text form, as far as properties of units need it: numbers with or without a
/// type before them, `true`, strings in either kind of quotes, object paths, and lists of such.
struct GVariantText {
    private var rest: Substring

    /// Reads a text that is one value; nil when it is none.
    static func parse(_ text: String) -> DBusValue? {
        var reader = GVariantText(rest: text[...])
        guard let value = reader.value() else { return nil }
        reader.skipBlanks()
        return reader.rest.isEmpty ? value : nil
    }

    private mutating func value() -> DBusValue? {
        skipBlanks()
        switch rest.first {
        case "'", "\"": return string().map { .string($0) }
        case "[": return list(of: nil)
        case "@": return annotated()
        default:
            let word = word()
            switch word {
            case "true": return .boolean(true)
            case "false": return .boolean(false)
            case "objectpath": return quoted().map { .objectPath($0) }
            case "signature": return quoted().map { .signature($0) }
            case "boolean":
                let text = self.word()
                return text == "true" ? .boolean(true) : text == "false" ? .boolean(false) : nil
            case "string": return quoted().map { .string($0) }
            default:
                if Self.numberTypes.contains(word) { return number(self.word(), word) }
                let isWhole =
                    !word.contains { $0 == "." || $0 == "e" || $0 == "E" } || word.hasPrefix("0x")
                return number(word, isWhole ? "int32" : "double")
            }
        }
    }

    private static let numberTypes: [Substring] = [
        "byte", "int16", "uint16", "int32", "uint32", "int64", "uint64", "double",
    ]

    private func number(_ text: Substring, _ type: Substring) -> DBusValue? {
        switch type {
        case "byte": integer(text).map { .byte($0) }
        case "int16": integer(text).map { .int16($0) }
        case "uint16": integer(text).map { .uint16($0) }
        case "int32": integer(text).map { .int32($0) }
        case "uint32": integer(text).map { .uint32($0) }
        case "int64": integer(text).map { .int64($0) }
        case "uint64": integer(text).map { .uint64($0) }
        default: Double(text).map { .double($0) }
        }
    }

    private func integer<Number: FixedWidthInteger>(_ text: Substring) -> Number? {
        text.hasPrefix("0x") ? Number(text.dropFirst(2), radix: 16) : Number(text)
    }

    /// `@as []`: the type of a list, which may be empty.
    private mutating func annotated() -> DBusValue? {
        rest.removeFirst()
        let type = word()
        guard type.hasPrefix("a"), ["s", "o", "u", "t", "y", "b", "i"].contains(type.dropFirst())
        else { return nil }
        skipBlanks()
        guard rest.first == "[" else { return nil }
        return list(of: String(type.dropFirst()))
    }

    /// Values of one type between brackets; without a type the first one gives it.
    private mutating func list(of type: String?) -> DBusValue? {
        rest.removeFirst()
        var elements: [DBusValue] = []
        skipBlanks()
        while rest.first != "]" {
            guard let element = value() else { return nil }
            elements.append(element)
            skipBlanks()
            if rest.first == "," {
                rest.removeFirst()
            } else if rest.first != "]" {
                return nil
            }
            skipBlanks()
        }
        rest.removeFirst()
        guard let type = type ?? elements.first?.signature,
            elements.allSatisfy({ $0.signature == type })
        else { return nil }
        return .array(elements, of: type)
    }

    private mutating func quoted() -> String? {
        skipBlanks()
        return rest.first == "'" || rest.first == "\"" ? string() : nil
    }

    private mutating func string() -> String? {
        let quote = rest.removeFirst()
        var text = ""
        while let character = rest.popFirst() {
            if character == quote { return text }
            if character == "\\" {
                guard let escaped = rest.popFirst() else { return nil }
                text.append(escaped == "n" ? "\n" : escaped == "t" ? "\t" : escaped)
            } else {
                text.append(character)
            }
        }
        return nil
    }

    private static let separators: [Character] = [
        " ", "\t", "\n", ",", "[", "]", "'", "\"",
    ]

    private mutating func word() -> Substring {
        skipBlanks()
        let word = rest.prefix { !Self.separators.contains($0) }
        rest = rest[word.endIndex...]
        return word
    }

    private mutating func skipBlanks() {
        rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "\n" }
    }
}
