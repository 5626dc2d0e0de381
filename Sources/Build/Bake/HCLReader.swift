import Diagnostics
import OCI

/// Reads HCL (HCL Native Syntax Specification), as far as bake files use it.
struct HCLReader {
    let text: [UInt8]
    let name: String
    var position = 0
    /// In parentheses and brackets a line's end is a space.
    private var ignoresLines = false
    private var depth = 0

    private static let deepest = 200

    init(_ text: [UInt8], named name: String) {
        self.text = text
        self.name = name
    }

    /// Reads a whole file.
    ///
    /// - Throws: `.invalid` with the line of the mistake.
    static func body(of text: [UInt8], named name: String) throws(Problem) -> HCLBody {
        var reader = HCLReader(text, named: name)
        let body = try reader.body()
        guard reader.isAtEnd else { throw reader.mistake("'}' without '{'") }
        return body
    }

    var isAtEnd: Bool { position >= text.count }
    var next: UInt8? { isAtEnd ? nil : text[position] }

    func mistake(_ why: String) -> Problem {
        let line = 1 + text[..<min(position, text.count)].count { $0 == UInt8(ascii: "\n") }
        return Problem(
            kind: .invalid, what: "cannot use \(name)", why: "line \(line): \(why)",
            fix: "see the syntax of HCL")
    }

    // MARK: Bodies

    private mutating func body() throws(Problem) -> HCLBody {
        var body = HCLBody()
        while true {
            skip(lines: true)
            guard let byte = next, byte != UInt8(ascii: "}") else { return body }
            let word = try identifier()
            skip(lines: false)
            if take("=") {
                guard body.attributes.updateValue(try expression(), forKey: word) == nil else {
                    throw mistake("\(word) is set twice")
                }
                try endLine()
                continue
            }
            body.blocks.append(try block(of: word))
        }
    }

    private mutating func block(of type: String) throws(Problem) -> HCLBlock {
        var label = ""
        if next != UInt8(ascii: "{") {
            label = next == UInt8(ascii: "\"") ? try plainText() : try identifier()
        }
        skip(lines: false)
        guard take("{") else { throw mistake("'=' or '{' should follow \(type)") }
        try enter()
        let inside = try body()
        depth -= 1
        guard take("}") else { throw mistake("the block \(type) \(label) has no end") }
        return HCLBlock(type: type, label: label, body: inside)
    }

    private mutating func endLine() throws(Problem) {
        skip(lines: false)
        guard isAtEnd || next == UInt8(ascii: "\n") || next == UInt8(ascii: "}") else {
            throw mistake("the line should end here")
        }
    }

    mutating func enter() throws(Problem) {
        depth += 1
        guard depth < Self.deepest else { throw mistake("it is nested too deeply") }
    }

    mutating func leave() { depth -= 1 }

    /// Reads something in which a line's end is a space.
    mutating func inside<Value>(
        _ read: (inout HCLReader) throws(Problem) -> Value
    ) throws(Problem) -> Value {
        let before = ignoresLines
        ignoresLines = true
        try enter()
        let value = try read(&self)
        leave()
        ignoresLines = before
        return value
    }

    // MARK: Words

    /// Passes spaces and comments, and line ends where they do not matter.
    mutating func skip() { skip(lines: ignoresLines) }

    mutating func skip(lines: Bool) {
        while let byte = next {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
            case UInt8(ascii: "\n") where lines: position += 1
            case UInt8(ascii: "#"): skipLine()
            case UInt8(ascii: "/") where starts(with: "//"): skipLine()
            case UInt8(ascii: "/") where starts(with: "/*"):
                while !isAtEnd, !starts(with: "*/") { position += 1 }
                position = min(position + 2, text.count)
            default: return
            }
        }
    }

    private mutating func skipLine() {
        while let byte = next, byte != UInt8(ascii: "\n") { position += 1 }
    }

    func starts(with word: String) -> Bool { text[position...].starts(with: word.utf8) }

    /// Steps over a word when it is the next.
    mutating func take(_ word: String) -> Bool {
        guard starts(with: word) else { return false }
        position += word.utf8.count
        return true
    }

    mutating func identifier() throws(Problem) -> String {
        let start = position
        while let byte = next, Self.isInIdentifier(byte, isFirst: position == start) {
            position += 1
        }
        guard position > start else { throw mistake("a name should be here") }
        return String(decoding: text[start..<position], as: UTF8.self)
    }

    static func isInIdentifier(_ byte: UInt8, isFirst: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "_"), 0x80...:
            true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): !isFirst
        default: false
        }
    }

    /// A text in quotes without expressions.
    private mutating func plainText() throws(Problem) -> String {
        guard case .literal(.string(let text)) = try quoted() else {
            throw mistake("a label is a text without expressions")
        }
        return text
    }
}
