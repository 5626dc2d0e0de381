import OCI

/// How values look when a template prints them (Go's fmt package).
enum TemplateFormat {
    /// `%v`: texts as they are, lists in brackets, objects as `map[a:1 b:2]`.
    static func plain(_ value: JSONValue?) -> String {
        switch value {
        case nil: return "<no value>"
        case .null: return "<nil>"
        case .bool(let bool): return bool ? "true" : "false"
        case .number(let number): return number.text
        case .string(let text): return text
        case .array(let values): return "[\(values.map(plain).joined(separator: " "))]"
        case .object(let object):
            let members = object.members.sorted { $0.name < $1.name }
                .map { "\($0.name):\(plain($0.value))" }
            return "map[\(members.joined(separator: " "))]"
        }
    }

    /// The operand as it stood in the template, for messages.
    static func source(_ operand: TemplateOperand) -> String {
        switch operand {
        case .dot: "."
        case .variable(let name): name
        case .function(let name): name
        case .string(let text): "\"\(text)\""
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .bool(let value): "\(value)"
        case .nil: "nil"
        case .pipeline: "(…)"
        case .fields(let base, let names):
            (base == .dot ? "" : source(base)) + names.map { ".\($0)" }.joined()
        }
    }

    /// `printf`: the verbs v, s, d, q, x, X, t, f, g, c and %, with width, precision and flags.
    static func formatted(_ format: String, _ arguments: [JSONValue?]) -> String {
        var text = ""
        var rest = Substring(format)
        var pending = arguments[...]
        while let character = rest.popFirst() {
            guard character == "%" else {
                text.append(character)
                continue
            }
            let directive = Directive.read(from: &rest)
            switch directive.verb {
            case nil: text += "%!(NOVERB)"
            case "%": text += "%"
            case .some(let verb):
                guard let argument = pending.popFirst() else {
                    text += "%!\(verb)(MISSING)"
                    continue
                }
                text += directive.padded(directive.text(of: argument, verb: verb))
            }
        }
        if !pending.isEmpty {
            let extra = pending.map { "\(typeName($0))=\(plain($0))" }.joined(separator: ", ")
            text += "%!(EXTRA \(extra))"
        }
        return text
    }

    /// A value's type in Go's words, for the messages of fmt.
    static func typeName(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null: "<nil>"
        case .bool: "bool"
        case .number(let number): number.integer(as: Int64.self) == nil ? "float64" : "int"
        case .string: "string"
        case .array: "[]interface {}"
        case .object: "map[string]interface {}"
        }
    }
}

/// One `%…` of a `printf`.
private struct Directive {
    var flags = ""
    var width = 0
    var precision: Int?
    var verb: Character?

    static func read(from rest: inout Substring) -> Directive {
        var directive = Directive()
        while let flag = rest.first, "-+# 0".contains(flag) {
            directive.flags.append(rest.removeFirst())
        }
        directive.width = number(from: &rest) ?? 0
        if rest.first == "." {
            rest.removeFirst()
            directive.precision = number(from: &rest) ?? 0
        }
        directive.verb = rest.popFirst()
        return directive
    }

    private static func number(from rest: inout Substring) -> Int? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest.dropFirst(digits.count)
        return Int(digits.prefix(6))
    }

    func text(of value: JSONValue?, verb: Character) -> String {
        let plain = TemplateFormat.plain(value)
        let mismatch = "%!\(verb)(\(TemplateFormat.typeName(value))=\(plain))"
        switch verb {
        case "v": return plain
        case "s":
            guard value?.string != nil || value?.array != nil || value?.object != nil else {
                return mismatch
            }
            return precision.map { String(plain.prefix($0)) } ?? plain
        case "q":
            guard let text = value?.string else { return mismatch }
            return JSONValue.string(text).jsonString()
        case "d", "x", "X", "o", "b", "c":
            if let text = value?.string, verb == "x" || verb == "X" {
                return hexadecimal(text, isUpper: verb == "X")
            }
            guard let number: Int64 = value?.number?.integer() else { return mismatch }
            return integer(number, verb)
        case "t": return value?.bool == nil ? mismatch : plain
        case "f", "g", "e":
            guard let number = value?.number?.double else { return mismatch }
            return verb == "f" ? fixed(number) : "\(number)"
        default: return mismatch
        }
    }

    private func hexadecimal(_ text: String, isUpper: Bool) -> String {
        text.utf8.map { byte in
            let digits = String(byte, radix: 16, uppercase: isUpper)
            return digits.count == 1 ? "0\(digits)" : digits
        }.joined()
    }

    private func integer(_ number: Int64, _ verb: Character) -> String {
        switch verb {
        case "x": return (flags.contains("#") ? "0x" : "") + String(number, radix: 16)
        case "X":
            return (flags.contains("#") ? "0X" : "") + String(number, radix: 16, uppercase: true)
        case "o": return String(number, radix: 8)
        case "b": return String(number, radix: 2)
        case "c":
            return UInt32(exactly: number).flatMap(Unicode.Scalar.init).map(String.init) ?? "�"
        default: return (flags.contains("+") && number >= 0 ? "+" : "") + "\(number)"
        }
    }

    private func fixed(_ number: Double) -> String {
        let places = min(precision ?? 6, 15)
        var scale: Double = 1
        for _ in 0..<places { scale *= 10 }
        let scaled = (abs(number) * scale).rounded()
        guard scaled < 9e18 else { return "\(number)" }
        let digits = String(Int64(scaled))
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        let sign = number < 0 ? "-" : ""
        guard places > 0 else { return sign + padded }
        return "\(sign)\(padded.dropLast(places)).\(padded.suffix(places))"
    }

    func padded(_ text: String) -> String {
        let missing = width - text.count
        guard missing > 0 else { return text }
        if flags.contains("-") { return text + String(repeating: " ", count: missing) }
        let isNumber = verb.map { "dxXobf".contains($0) } ?? false
        guard flags.contains("0") && isNumber else {
            return String(repeating: " ", count: missing) + text
        }
        let sign = text.hasPrefix("-") || text.hasPrefix("+") ? String(text.prefix(1)) : ""
        return sign + String(repeating: "0", count: missing) + text.dropFirst(sign.count)
    }
}
