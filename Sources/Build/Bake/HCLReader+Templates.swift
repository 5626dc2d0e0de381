import Diagnostics
import OCI

/// Texts, which may have expressions in them (HCL Native Syntax Specification, Templates).
extension HCLReader {
    /// `"text ${expression}"`.
    mutating func quoted() throws(Problem) -> HCLExpression {
        position += 1
        var parts = Parts()
        while let byte = next, byte != UInt8(ascii: "\n") {
            if take("\"") { return parts.expression }
            if take("\\") {
                parts.append(try escape())
            } else {
                try part(&parts)
            }
        }
        throw mistake("the text has no end")
    }

    /// A text without quotes: a string of JSON, or the lines of `<<END`.
    static func template(_ text: [UInt8], named name: String) throws(Problem) -> HCLExpression {
        var reader = HCLReader(text, named: name)
        var parts = Parts()
        while !reader.isAtEnd { try reader.part(&parts) }
        return parts.expression
    }

    /// `<<END` or, without the lines' common indentation, `<<-END`.
    mutating func heredoc() throws(Problem) -> HCLExpression {
        let isIndented = take("-")
        let word = try identifier()
        guard take("\n") || take("\r\n") else { throw mistake("the line should end here") }
        var lines: [ArraySlice<UInt8>] = []
        while !isAtEnd {
            let line = text[position...].prefix { $0 != UInt8(ascii: "\n") }
            position = line.endIndex
            if line.trimmed.text == word {
                if isIndented { Self.unindent(&lines) }
                let whole = lines.flatMap { Array($0) + [UInt8(ascii: "\n")] }
                return try Self.template(whole, named: name)
            }
            lines.append(line)
            position += 1
        }
        throw mistake("the text has no line \(word)")
    }

    private static func unindent(_ lines: inout [ArraySlice<UInt8>]) {
        let spaces = lines.filter { !$0.isEmpty }.map { line in
            line.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count
        }
        let common = spaces.min() ?? 0
        lines = lines.map { $0.dropFirst(common) }
    }

    /// One character, or one expression.
    private mutating func part(_ parts: inout Parts) throws(Problem) {
        if take("$${") {
            parts.append(Array("${".utf8))
        } else if take("%%{") {
            parts.append(Array("%{".utf8))
        } else if take("${") {
            let value = try inside { reader throws(Problem) in
                _ = reader.take("~")
                let value = try reader.expression()
                _ = reader.take("~")
                guard reader.take("}") else { throw reader.mistake("'}' should be here") }
                return value
            }
            parts.append(value)
        } else if starts(with: "%{") {
            throw mistake("Kade has no directives (%{…}) in texts")
        } else {
            parts.append([text[position]])
            position += 1
        }
    }

    private mutating func escape() throws(Problem) -> [UInt8] {
        guard let letter = next else { throw mistake("the text has no end") }
        position += 1
        switch letter {
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [letter]
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let digits = text[position...].prefix(letter == UInt8(ascii: "u") ? 4 : 8)
            position = digits.endIndex
            let number = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
            guard let scalar = number.flatMap(Unicode.Scalar.init) else {
                throw mistake("there is no such character")
            }
            return Array(String(Character(scalar)).utf8)
        default: throw mistake("there is no escape \\\(Character(Unicode.Scalar(letter)))")
        }
    }

    /// A template as it is read: characters collect to texts.
    private struct Parts {
        private var parts: [HCLExpression] = []
        private var text: [UInt8] = []

        mutating func append(_ bytes: [UInt8]) { text += bytes }

        mutating func append(_ value: HCLExpression) {
            flush()
            parts.append(value)
        }

        private mutating func flush() {
            guard !text.isEmpty else { return }
            parts.append(.literal(.string(String(decoding: text, as: UTF8.self))))
            text = []
        }

        /// A text alone is itself; so is one expression alone, whatever its type.
        var expression: HCLExpression {
            var whole = self
            whole.flush()
            switch whole.parts.count {
            case 0: return .literal("")
            case 1: return whole.parts[0]
            default: return .template(whole.parts)
            }
        }
    }
}
