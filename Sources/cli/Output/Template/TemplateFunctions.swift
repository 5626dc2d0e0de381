import OCI

/// The functions of templates: Go's own, and Docker's (docker/cli, templates/templates.go).
enum TemplateFunctions {
    /// Every name that a template may call.
    static let names: Set<String> = [
        "and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "len", "index", "slice", "print",
        "printf", "println", "json", "join", "split", "lower", "upper", "title", "pad", "truncate",
        "html", "js", "urlquery",
    ]

    /// Functions that a column's title goes through unchanged.
    static let namesThatChangeText: Set<String> = [
        "json", "join", "split", "lower", "upper", "title", "truncate",
    ]

    /// Whether `if` takes the value for true: not empty, not zero, not nothing.
    static func isTrue(_ value: JSONValue?) -> Bool {
        switch value {
        case nil, .null: false
        case .bool(let bool): bool
        case .number(let number): number.double != 0
        case .string(let text): !text.isEmpty
        case .array(let values): !values.isEmpty
        case .object(let object): !object.isEmpty
        }
    }

    static func call(
        _ name: String, _ arguments: [JSONValue?]
    ) throws(TemplateError) -> JSONValue? {
        switch name {
        case "not": return .bool(!isTrue(try one(name, arguments)))
        case "eq", "ne", "lt", "le", "gt", "ge": return try TemplateComparison.call(name, arguments)
        case "len": return try length(try one(name, arguments))
        case "index": return try index(arguments)
        case "slice": return try slice(arguments)
        case "print": return .string(printed(arguments))
        case "println":
            let texts = arguments.map(TemplateFormat.plain)
            return .string(texts.joined(separator: " ") + "\n")
        case "printf":
            guard let format = arguments.first??.string else {
                throw error(name, "wrong type for value; expected string")
            }
            return .string(TemplateFormat.formatted(format, Array(arguments.dropFirst())))
        case "json": return .string((try one(name, arguments) ?? .null).jsonString())
        case "html", "js", "urlquery":
            throw error(name, "\(name) is not supported in a format")
        default: return try callText(name, arguments)
        }
    }

    /// Docker's functions of texts.
    private static func callText(
        _ name: String, _ arguments: [JSONValue?]
    ) throws(TemplateError) -> JSONValue? {
        switch name {
        case "lower": return .string(try text(name, arguments, 1).lowercased())
        case "upper": return .string(try text(name, arguments, 1).uppercased())
        case "title": return .string(title(try text(name, arguments, 1)))
        case "join":
            guard arguments.count == 2, let separator = arguments[1]?.string,
                let values = arguments[0]?.array
            else { throw error(name, "wants a list and a separator") }
            return .string(values.map(TemplateFormat.plain).joined(separator: separator))
        case "split":
            let whole = try text(name, arguments, 2)
            guard let separator = arguments[1]?.string else {
                throw error(name, "wants a text and a separator")
            }
            return .array(pieces(of: whole, separator).map(JSONValue.string))
        case "pad":
            let whole = try text(name, arguments, 3)
            guard let before = arguments[1]?.int, let after = arguments[2]?.int, before >= 0,
                after >= 0
            else { throw error(name, "wants a text and two numbers") }
            guard !whole.isEmpty else { return .string(whole) }
            let blanks = [before, after].map { String(repeating: " ", count: $0) }
            return .string(blanks[0] + whole + blanks[1])
        case "truncate":
            let whole = try text(name, arguments, 2)
            guard let length = arguments[1]?.int, length >= 0 else {
                throw error(name, "wants a text and a number")
            }
            return .string(String(whole.prefix(length)))
        default: throw error(name, "function \"\(name)\" not defined")
        }
    }

    private static func error(_ name: String, _ text: String) -> TemplateError {
        .executing(name, "error calling \(name): \(text)")
    }

    private static func one(
        _ name: String, _ arguments: [JSONValue?]
    ) throws(TemplateError) -> JSONValue? {
        guard arguments.count == 1 else {
            throw .executing(
                name, "wrong number of args for \(name): want 1 got \(arguments.count)")
        }
        return arguments[0]
    }

    private static func text(
        _ name: String, _ arguments: [JSONValue?], _ count: Int
    ) throws(TemplateError) -> String {
        guard arguments.count == count else {
            throw .executing(
                name, "wrong number of args for \(name): want \(count) got \(arguments.count)")
        }
        guard let text = arguments[0]?.string else {
            throw .executing(
                name,
                "wrong type for value; expected string; got "
                    + TemplateFormat.typeName(arguments[0]))
        }
        return text
    }

    private static func length(_ value: JSONValue?) throws(TemplateError) -> JSONValue {
        switch value {
        case .string(let text): .number(JSONNumber(text.utf8.count))
        case .array(let values): .number(JSONNumber(values.count))
        case .object(let object): .number(JSONNumber(object.members.count))
        case nil, .null, .bool, .number:
            throw error("len", "len of type \(TemplateFormat.typeName(value))")
        }
    }

    /// `index x 1 "a"` is `x[1]["a"]`; a key that an object does not have gives an empty text.
    private static func index(_ arguments: [JSONValue?]) throws(TemplateError) -> JSONValue? {
        guard var value = arguments.first else {
            throw .executing("index", "wrong number of args for index: want at least 1 got 0")
        }
        for key in arguments.dropFirst() {
            switch value {
            case .object(let object):
                guard let name = key?.string else {
                    throw error(
                        "index",
                        "value has type \(TemplateFormat.typeName(key)); "
                            + "should be string")
                }
                value = object[name] ?? ""
            case .array(let values):
                guard let position = key?.int else {
                    throw error(
                        "index",
                        "cannot index slice/array with type "
                            + TemplateFormat.typeName(key))
                }
                guard values.indices.contains(position) else {
                    throw error("index", "index out of range: \(position)")
                }
                value = values[position]
            case nil, .null: throw error("index", "index of untyped nil")
            case .bool, .number, .string:
                throw error("index", "can't index item of type \(TemplateFormat.typeName(value))")
            }
        }
        return value
    }

    private static func slice(_ arguments: [JSONValue?]) throws(TemplateError) -> JSONValue? {
        let bounds = arguments.dropFirst().map { $0?.int ?? -1 }
        guard let value = arguments.first, bounds.count <= 2 else {
            throw error("slice", "wants a value and at most two numbers")
        }
        switch value {
        case .string(let text):
            let bytes = Array(text.utf8)
            let range = try range(bounds, bytes.count)
            return .string(String(decoding: bytes[range], as: UTF8.self))
        case .array(let values): return .array(Array(values[try range(bounds, values.count)]))
        default: throw error("slice", "can't slice item of type \(TemplateFormat.typeName(value))")
        }
    }

    private static func range(_ bounds: [Int], _ count: Int) throws(TemplateError) -> Range<Int> {
        let lower = bounds.first ?? 0
        let upper = bounds.count == 2 ? bounds[1] : count
        guard 0 <= lower, lower <= upper, upper <= count else {
            throw error("slice", "index out of range: \(lower) to \(upper) of \(count)")
        }
        return lower..<upper
    }

    /// Go's Sprint: a blank between two values of which neither is a text.
    private static func printed(_ arguments: [JSONValue?]) -> String {
        var text = ""
        for (index, value) in arguments.enumerated() {
            let isBesideText =
                index == 0 || value?.string != nil || arguments[index - 1]?.string != nil
            text += (isBesideText ? "" : " ") + TemplateFormat.plain(value)
        }
        return text
    }

    private static func title(_ text: String) -> String {
        var isStart = true
        return String(
            text.flatMap { character -> String in
                defer { isStart = !(character.isLetter || character.isNumber || character == "_") }
                return isStart ? character.uppercased() : String(character)
            })
    }

    private static func pieces(of text: String, _ separator: String) -> [String] {
        guard !separator.isEmpty else { return text.map { String($0) } }
        var pieces: [String] = []
        var piece = ""
        var rest = Substring(text)
        while !rest.isEmpty {
            if rest.hasPrefix(separator) {
                pieces.append(piece)
                piece = ""
                rest = rest.dropFirst(separator.count)
            } else {
                piece.append(rest.removeFirst())
            }
        }
        return pieces + [piece]
    }
}

/// The comparisons of templates: `eq a b c` is a == b or a == c; the others take two values.
enum TemplateComparison {
    static func call(
        _ name: String, _ arguments: [JSONValue?]
    ) throws(TemplateError) -> JSONValue {
        guard arguments.count >= 2, name == "eq" || arguments.count == 2 else {
            throw .executing(name, "error calling \(name): missing argument for comparison")
        }
        switch name {
        case "eq":
            for other in arguments.dropFirst() {
                if try isEqual(arguments[0], other, name) { return .bool(true) }
            }
            return .bool(false)
        case "ne": return .bool(try !isEqual(arguments[0], arguments[1], name))
        case "lt": return .bool(try isLess(arguments[0], arguments[1], name))
        case "ge": return .bool(try !isLess(arguments[0], arguments[1], name))
        case "gt": return .bool(try isLess(arguments[1], arguments[0], name))
        default: return .bool(try !isLess(arguments[1], arguments[0], name))
        }
    }

    private static func isEqual(
        _ left: JSONValue?, _ right: JSONValue?, _ name: String
    ) throws(TemplateError) -> Bool {
        switch (left, right) {
        case (.number(let left), .number(let right)): left.double == right.double
        case (.string(let left), .string(let right)): left == right
        case (.bool(let left), .bool(let right)): left == right
        case (nil, _), (.null, _), (_, nil), (_, .null):
            (left ?? .null) == (right ?? .null)
        default:
            throw .executing(
                name, "error calling \(name): incompatible types for comparison")
        }
    }

    private static func isLess(
        _ left: JSONValue?, _ right: JSONValue?, _ name: String
    ) throws(TemplateError) -> Bool {
        switch (left, right) {
        case (.number(let left), .number(let right)): left.double < right.double
        case (.string(let left), .string(let right)):
            left.utf8.lexicographicallyPrecedes(right.utf8)
        default:
            throw .executing(
                name, "error calling \(name): incompatible types for comparison")
        }
    }
}
