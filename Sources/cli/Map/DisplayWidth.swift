/// How many columns of a terminal a text takes (Unicode's East Asian Width, UAX #11).
enum DisplayWidth {
    static func of(_ text: String) -> Int { text.reduce(0) { $0 + of($1) } }

    static func of(_ character: Character) -> Int {
        var width = 0
        for scalar in character.unicodeScalars {
            // An emoji that is asked for as a picture: ☎️.
            if scalar.value == 0xFE0F { return 2 }
            width = max(width, of(scalar))
        }
        return width
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        if scalar.properties.isEmojiPresentation { return 2 }
        return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    /// Where characters fill a square: Hangul, kana, CJK and their punctuation.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
        0xA000...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19,
        0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF,
        0x20000...0x3FFFD,
    ]
}

/// Texts of others made fit to be shown: nothing in them moves the cursor or turns the writing round.
enum VisibleText {
    /// The text with a visible sign in the place of each character that shows nothing of its own.
    static func of(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(contentsOf: shown(scalar)) }
        return String(result)
    }

    /// The same in ASCII alone, for a terminal that knows no more.
    static func ascii(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.isASCII, scalar.properties.generalCategory != .control {
                result.append(scalar)
            } else if let plain = plain[scalar] {
                result.append(contentsOf: plain.unicodeScalars)
            } else {
                result.append(contentsOf: escaped(scalar, "<", ">"))
            }
        }
        return String(result)
    }

    /// Signs of Kade's own texts.
    private static let plain: [Unicode.Scalar: String] = [
        "…": "...", "µ": "u", "→": "->", "–": "-",
    ]

    private static func shown(_ scalar: Unicode.Scalar) -> String.UnicodeScalarView {
        switch scalar.properties.generalCategory {
        case .control where scalar.value < 0x20:
            // The signs that Unicode has for them: ␛ for escape.
            return String.UnicodeScalarView([Unicode.Scalar(0x2400 + scalar.value) ?? "?"])
        case .control where scalar.value == 0x7F: return String.UnicodeScalarView(["\u{2421}"])
        case .control, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse, .surrogate:
            return escaped(scalar, "⟨", "⟩")
        // Joiners make one emoji of several; all others of this kind are not seen.
        case .format where scalar.value != 0x200D: return escaped(scalar, "⟨", "⟩")
        default: return String.UnicodeScalarView([scalar])
        }
    }

    /// "⟨U+202E⟩".
    private static func escaped(
        _ scalar: Unicode.Scalar, _ open: String, _ close: String
    ) -> String.UnicodeScalarView {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let zeros = String(repeating: "0", count: max(0, 4 - digits.count))
        return "\(open)U+\(zeros)\(digits)\(close)".unicodeScalars
    }
}

/// Breaks a text into lines.
enum LineBreaking {
    /// Lines of at most `width` columns: broken at blanks, else behind `/`, `,`, `:`, `=` or `_`, else
    /// anywhere.
    static func lines(of text: String, width: Int) -> [String] {
        var lines: [String] = []
        var rest = Substring(text)
        while DisplayWidth.of(String(rest)) > width {
            let end = breakPoint(in: rest, width)
            var line = rest[..<end]
            while line.last == " " { line.removeLast() }
            lines.append(String(line))
            rest = rest[end...].drop { $0 == " " }
        }
        if lines.isEmpty || !rest.isEmpty { lines.append(String(rest)) }
        return lines
    }

    /// Where the next line begins.
    private static func breakPoint(in text: Substring, _ width: Int) -> String.Index {
        var used = 0
        var end = text.startIndex
        var afterBlank: String.Index?
        var afterSign: String.Index?
        while end < text.endIndex {
            used += DisplayWidth.of(text[end])
            if text[end] == " ", used <= width + 1 { afterBlank = text.index(after: end) }
            guard used <= width else { break }
            if "/,:=_".contains(text[end]) { afterSign = text.index(after: end) }
            end = text.index(after: end)
        }
        // Something always moves on, even where one character is wider than a line.
        if end == text.startIndex { return text.index(after: end) }
        let third = text.index(text.startIndex, offsetBy: width / 3, limitedBy: end) ?? end
        if let afterBlank, afterBlank > third { return afterBlank }
        if let afterSign, afterSign > third { return afterSign }
        return end
    }
}
