/// How the lines of a block scalar become a text
/// (<https://yaml.org/spec/1.2.2/#81-block-scalar-styles>).
struct YAMLBlockStyle {
    /// `>`: a line's end between two others is a space.
    private let isFolded: Bool
    /// What becomes of the ends of lines at its end: one stays, none (`-`), or all (`+`).
    private let chomping: Character?
    /// How much more than its surroundings it is indented, where the header says so.
    let indentation: Int?

    /// Reads what stands behind a name: `|`, `>-`, `|2+ # why`.
    ///
    /// - Returns: nil for what is no header.
    init?(_ header: Substring) {
        guard let mark = header.first, mark == "|" || mark == ">" else { return nil }
        isFolded = mark == ">"
        var rest = header.dropFirst()
        var chomping: Character?
        var indentation: Int?
        while let letter = rest.first, letter != " " {
            if letter == "-" || letter == "+", chomping == nil {
                chomping = letter
            } else if let digit = letter.wholeNumberValue, (1...9).contains(digit),
                indentation == nil
            {
                indentation = digit
            } else {
                return nil
            }
            rest.removeFirst()
        }
        rest = rest.drop { $0 == " " }
        guard rest.isEmpty || rest.hasPrefix("#") else { return nil }
        self.chomping = chomping
        self.indentation = indentation
    }

    /// The text of lines without their indentation.
    func text(of lines: [Substring]) -> String {
        var lines = lines
        var ends = 0
        while let last = lines.last, last.isEmpty {
            lines.removeLast()
            ends += 1
        }
        var text = isFolded ? folded(lines) : lines.joined(separator: "\n")
        switch chomping {
        case "-": break
        case "+": text += String(repeating: "\n", count: ends + (lines.isEmpty ? 0 : 1))
        default: if !lines.isEmpty { text += "\n" }
        }
        return text
    }

    /// Lines that are indented more keep their ends, and of empty ones each is an end.
    private func folded(_ lines: [Substring]) -> String {
        var text = ""
        var last: Substring?
        var empty = 0
        for line in lines {
            guard !line.isEmpty else {
                empty += 1
                continue
            }
            if let before = last {
                let isKept = Self.isIndented(before) || Self.isIndented(line)
                if isKept || empty > 0 {
                    text += String(repeating: "\n", count: empty + (isKept ? 1 : 0))
                } else {
                    text += " "
                }
            } else {
                text += String(repeating: "\n", count: empty)
            }
            text += line
            last = line
            empty = 0
        }
        return text
    }

    private static func isIndented(_ line: Substring) -> Bool {
        line.first == " " || line.first == "\t"
    }
}
