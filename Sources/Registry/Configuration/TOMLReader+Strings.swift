import Diagnostics

/// Strings of TOML, in one line and in many, with and without escapes.
extension TOMLReader {
    mutating func string(mayHaveLines: Bool) throws(Problem) -> String {
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
}
