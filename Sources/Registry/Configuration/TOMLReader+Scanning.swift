import Diagnostics

/// Characters, blanks and lines, and where a mistake is.
extension TOMLReader {
    func peek(_ distance: Int = 0) -> Unicode.Scalar? {
        let place = position + distance
        return place < scalars.count ? scalars[place] : nil
    }

    mutating func advanceLine() {
        position += 1
        line += 1
    }

    mutating func skipSpaces() {
        while peek() == " " || peek() == "\t" { position += 1 }
    }

    /// Skips spaces, line breaks and comments.
    mutating func skipBlank() {
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

    mutating func endOfLine() throws(Problem) {
        skipSpaces()
        if peek() == "#" { skipComment() }
        if peek() == "\r" { position += 1 }
        guard let next = peek() else { return }
        guard next == "\n" else { throw mistake("\(shown(next)) follows what ends the line") }
        advanceLine()
    }

    mutating func expect(_ scalar: Unicode.Scalar) throws(Problem) {
        skipSpaces()
        guard peek() == scalar else {
            throw mistake("\"\(scalar)\" is expected, not \(shown(peek()))")
        }
        position += 1
    }

    func shown(_ scalar: Unicode.Scalar?) -> String {
        switch scalar {
        case nil: "the file's end"
        case "\n": "the line's end"
        case let scalar?: "\"\(scalar)\""
        }
    }

    func mistake(_ why: String, at line: Int? = nil) -> Problem {
        Problem(
            kind: .invalid, what: "cannot read \(file)", why: "line \(line ?? self.line): \(why)",
            fix: "mend the file")
    }
}
