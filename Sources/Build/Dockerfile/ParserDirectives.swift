/// What the comments at a Dockerfile's very top tell its reader: `# name=value`.
///
/// They end at the first line that is none, be it empty or another comment.
package struct ParserDirectives: Sendable, Equatable {
    /// The character that takes a line's end, or the next character, its meaning.
    package var escape = UInt8(ascii: "\\")
    /// `syntax`: the frontend that BuildKit would fetch.
    package var syntax: String?
    /// `check`: which build checks are skipped, and whether they are errors.
    package var check: String?

    package init() {}

    /// Takes a line in.
    ///
    /// - Returns: whether it was a directive.
    /// - Throws: why it is wrong.
    mutating func take(
        _ line: some BidirectionalCollection<UInt8>
    ) throws(ShellMistake) -> Bool {
        let body = line.trimmed
        guard body.first == Byte.hash else { return false }
        let rest = body.dropFirst().trimmed
        let name = rest.prefix { Byte.isLetter($0) || Byte.isDigit($0) }
        let after = rest.dropFirst(name.count).trimmed
        guard let first = name.first, Byte.isLetter(first), after.first == UInt8(ascii: "=") else {
            return false
        }
        let value = after.dropFirst().trimmed
        guard !value.isEmpty else { return false }
        switch name.text.lowercased() {
        case "escape":
            guard value.count == 1, let character = value.first,
                character == Byte.backslash || character == UInt8(ascii: "`")
            else { throw ShellMistake("invalid escape token '\(value.text)', use \\ or `") }
            guard !isSet.contains("escape") else { throw Self.duplicate("escape") }
            escape = character
            isSet.insert("escape")
        case "syntax":
            guard syntax == nil else { throw Self.duplicate("syntax") }
            syntax = value.text
        case "check":
            guard check == nil else { throw Self.duplicate("check") }
            check = value.text
        default: return false  // an ordinary comment, which ends the directives
        }
        return true
    }

    private var isSet: Set<String> = []

    private static func duplicate(_ name: String) -> ShellMistake {
        ShellMistake("only one \(name) parser directive can be used")
    }
}
