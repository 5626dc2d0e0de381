/// A here-document: `<<NAME` in an instruction, and the lines up to one that says `NAME`.
package struct Heredoc: Sendable, Equatable {
    /// The word that ends it.
    package var name: String
    /// `<<-`: tabs at the beginning of lines do not count.
    package var stripsTabs: Bool
    /// Whether variables in it are expanded: not when any part of the word is quoted.
    package var isExpanded: Bool
    /// The lines as they stand in the file.
    package var content: String

    /// The content as the file that it stands for has it.
    package var fileContent: String {
        guard stripsTabs else { return content }
        return Array(content.utf8).split(separator: Byte.newline, omittingEmptySubsequences: false)
            .map { $0.drop { $0 == Byte.tab }.text }.joined(separator: "\n")
    }
}

extension Heredoc {
    /// Reads a word such as `<<EOF`, `<<-"EOF"` or `3<<EOF`; nil when it is none.
    init?(word: String) {
        var rest = Array(word.utf8)[...]
        rest = rest.drop(while: Byte.isDigit)
        guard rest.starts(with: "<<".utf8) else { return nil }
        rest = rest.dropFirst(2)
        let stripsTabs = rest.first == UInt8(ascii: "-")
        if stripsTabs { rest = rest.dropFirst() }
        guard !rest.isEmpty, !rest.contains(UInt8(ascii: "<")) else { return nil }
        let plain = ShellLexer(escape: Byte.backslash, keepsUnset: true) { _ in nil }
        let raw = ShellLexer(
            escape: Byte.backslash, keepsQuotes: true, keepsEscapes: true, keepsUnset: true
        ) { _ in nil }
        // What cannot be read as a word is no here-document.
        guard let words = try? plain.words(Array(rest)), let name = words.first, words.count == 1,
            let asWritten = try? raw.words(Array(rest)).first
        else { return nil }
        self.init(name: name, stripsTabs: stripsTabs, isExpanded: name == asWritten, content: "")
    }

    /// The here-documents that a line announces, still without their content.
    static func announced(in line: [UInt8]) -> [Heredoc] {
        let lexer = ShellLexer(
            escape: Byte.backslash, keepsQuotes: true, keepsEscapes: true, keepsUnset: true
        ) { _ in nil }
        // A line whose quotes do not match has none that could be found.
        let words = (try? lexer.words(line)) ?? []
        return words.compactMap { Heredoc(word: $0) }
    }
}
