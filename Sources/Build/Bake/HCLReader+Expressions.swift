import Diagnostics
import OCI

/// Expressions (HCL Native Syntax Specification, Expressions), the loosest operators first.
extension HCLReader {
    mutating func expression() throws(Problem) -> HCLExpression {
        try enter()
        defer { leave() }
        let condition = try operation(0)
        skip()
        guard take("?") else { return condition }
        let yes = try expression()
        skip()
        guard take(":") else { throw mistake("':' should follow '?'") }
        return .conditional(condition, yes, try expression())
    }

    private static let operators: [[String]] = [
        ["||"], ["&&"], ["==", "!="], ["<=", ">=", "<", ">"], ["+", "-"], ["*", "/", "%"],
    ]

    private mutating func operation(_ level: Int) throws(Problem) -> HCLExpression {
        guard level < Self.operators.count else { return try prefixed() }
        var left = try operation(level + 1)
        while true {
            skip()
            guard let sign = Self.operators[level].first(where: { starts(with: $0) }) else {
                return left
            }
            position += sign.utf8.count
            left = .binary(sign, left, try operation(level + 1))
        }
    }

    private mutating func prefixed() throws(Problem) -> HCLExpression {
        skip()
        if take("!") { return .not(try nested { reader throws(Problem) in try reader.prefixed() }) }
        if take("-") {
            return .negative(try nested { reader throws(Problem) in try reader.prefixed() })
        }
        var value = try term()
        while true {
            if starts(with: "...") { return value }
            if take(".") {
                value = .attribute(value, try identifier())
            } else if take("[") {
                value = .index(
                    value,
                    try inside { reader throws(Problem) in
                        let index = try reader.expression()
                        reader.skip()
                        guard reader.take("]") else { throw reader.mistake("']' should be here") }
                        return index
                    })
            } else {
                return value
            }
        }
    }

    private mutating func nested(
        _ read: (inout HCLReader) throws(Problem) -> HCLExpression
    ) throws(Problem) -> HCLExpression {
        try enter()
        defer { leave() }
        return try read(&self)
    }

    private mutating func term() throws(Problem) -> HCLExpression {
        guard let byte = next else { throw mistake("a value should be here") }
        switch byte {
        case UInt8(ascii: "\""): return try quoted()
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "["): return try inside { reader throws(Problem) in try reader.list() }
        case UInt8(ascii: "{"): return try inside { reader throws(Problem) in try reader.object() }
        case UInt8(ascii: "("):
            return try inside { reader throws(Problem) in
                reader.position += 1
                let value = try reader.expression()
                reader.skip()
                guard reader.take(")") else { throw reader.mistake("')' should be here") }
                return value
            }
        case UInt8(ascii: "<") where take("<<"): return try heredoc()
        case _ where Self.isInIdentifier(byte, isFirst: true): return try word()
        default: throw mistake("a value should be here")
        }
    }

    private mutating func word() throws(Problem) -> HCLExpression {
        let name = try identifier()
        switch name {
        case "true": return .literal(true)
        case "false": return .literal(false)
        case "null": return .literal(.null)
        default: break
        }
        guard take("(") else { return .variable(name) }
        var spreads = false
        let arguments = try inside { reader throws(Problem) -> [HCLExpression] in
            var arguments: [HCLExpression] = []
            while true {
                reader.skip()
                if reader.take(")") { return arguments }
                arguments.append(try reader.expression())
                reader.skip()
                spreads = reader.take("...")
                reader.skip()
                guard reader.take(",") || reader.next == UInt8(ascii: ")") else {
                    throw reader.mistake("',' or ')' should be here")
                }
            }
        }
        return .call(name, arguments, spreadsLast: spreads)
    }

    private mutating func number() throws(Problem) -> HCLExpression {
        let start = position
        while let byte = next,
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E")
        {
            position += 1
        }
        let text = String(decoding: text[start..<position], as: UTF8.self)
        guard let value = Double(text).flatMap(HCLValue.number) else {
            throw mistake("\(text) is no number")
        }
        return .literal(value)
    }

    private mutating func list() throws(Problem) -> HCLExpression {
        position += 1
        skip()
        if let loop = try loop(end: "]") { return .loop(loop) }
        var elements: [HCLExpression] = []
        while true {
            skip()
            if take("]") { return .list(elements) }
            elements.append(try expression())
            skip()
            guard take(",") || next == UInt8(ascii: "]") else {
                throw mistake("',' or ']' should be here")
            }
        }
    }

    private mutating func object() throws(Problem) -> HCLExpression {
        position += 1
        skip()
        if let loop = try loop(end: "}") { return .loop(loop) }
        var members: [HCLExpression.Member] = []
        while true {
            skip()
            if take("}") { return .object(members) }
            var name = try expression()
            // A word alone is a name; in parentheses it would be a variable.
            if case .variable(let word) = name { name = .literal(.string(word)) }
            skip()
            guard take("=") || take(":") else { throw mistake("'=' should be here") }
            let value = try memberValue()
            members.append(.init(name: name, value: value))
        }
    }

    /// A member's value, which ends with its line, a comma or the object.
    private mutating func memberValue() throws(Problem) -> HCLExpression {
        let value = try expression()
        skip()
        _ = take(",")
        return value
    }

    /// What follows `[` or `{` when that is `for`.
    private mutating func loop(end: String) throws(Problem) -> HCLExpression.Loop? {
        guard starts(with: "for"), position + 3 < text.count,
            !Self.isInIdentifier(text[position + 3], isFirst: false)
        else { return nil }
        position += 3
        var names: [String] = []
        repeat {
            skip()
            names.append(try identifier())
            skip()
        } while take(",")
        guard names.count < 3, try identifier() == "in" else {
            throw mistake("'for NAME in' should be here")
        }
        let source = try expression()
        skip()
        guard take(":") else { throw mistake("':' should be here") }
        var value = try expression()
        var key: HCLExpression?
        skip()
        if end == "}" {
            guard take("=>") else { throw mistake("'=>' should be here") }
            key = value
            value = try expression()
            skip()
        }
        var condition: HCLExpression?
        if take("if") {
            condition = try expression()
            skip()
        }
        guard take(end) else { throw mistake("'\(end)' should be here") }
        return .init(names: names, source: source, key: key, value: value, condition: condition)
    }
}
