import OCI

/// The functions that expressions may call, by the names that Docker's bake files know.
enum HCLFunctions {
    /// Why a call has no value.
    struct Refusal: Error {
        let why: String
    }

    /// How many bytes a text may have that is made of others.
    private static let longestText = 16 << 20

    static func call(_ name: String, _ arguments: [JSONValue]) throws(Refusal) -> JSONValue {
        if let value = try ofTexts(name, arguments) { return value }
        if let value = try ofLists(name, arguments) { return value }
        if let value = try ofObjects(name, arguments) { return value }
        if let value = try ofNumbers(name, arguments) { return value }
        throw Refusal(why: "Kade has no such function")
    }

    private static func ofTexts(
        _ name: String, _ arguments: [JSONValue]
    ) throws(Refusal) -> JSONValue? {
        let given = Arguments(arguments)
        switch name {
        case "upper": return .string(try given.text(of: 1).uppercased())
        case "lower": return .string(try given.text(of: 1).lowercased())
        case "title": return .string(titled(try given.text(of: 1)))
        case "trimspace": return .string(trimmed(try given.text(of: 1), " \t\r\n"))
        case "chomp": return .string(trimmedEnd(try given.text(of: 1)[...]) { $0.isNewline })
        case "trim": return .string(trimmed(try given.text(of: 2), try given.text(1)))
        case "trimprefix":
            let (text, start) = (try given.text(of: 2), try given.text(1))
            return .string(text.hasPrefix(start) ? String(text.dropFirst(start.count)) : text)
        case "trimsuffix":
            let (text, end) = (try given.text(of: 2), try given.text(1))
            return .string(text.hasSuffix(end) ? String(text.dropLast(end.count)) : text)
        case "replace":
            let text = try given.text(of: 3)
            return try joined(parts(of: text, by: try given.text(1)), try given.text(2))
        case "split":
            let separator = try given.text(of: 2)
            let text = try given.text(1)
            return .array(parts(of: text, by: separator).map { .string($0) })
        case "join":
            let separator = try given.text(of: 2)
            let texts = try given.list(1).map { value throws(Refusal) in try Arguments.text(value) }
            return try joined(texts, separator)
        case "strlen": return .number(JSONNumber(try given.text(of: 1).count))
        case "substr":
            let text = try given.text(of: 3)
            let start = try given.index(1)
            let from = start < 0 ? max(0, text.count + start) : start
            let count = try given.index(2)
            let rest = text.dropFirst(from)
            return .string(String(count < 0 ? rest : rest.prefix(count)))
        case "basename":
            return .string(try given.text(of: 1).split(separator: "/").last.map(String.init) ?? "")
        case "dirname":
            let parts = try given.text(of: 1).split(
                separator: "/", omittingEmptySubsequences: false)
            return .string(parts.count > 1 ? parts.dropLast().joined(separator: "/") : ".")
        case "sanitize":
            let kept = try given.text(of: 1).map { letter -> Character in
                letter.isASCII && (letter.isLetter || letter.isNumber) || "_-".contains(letter)
                    ? letter : "_"
            }
            return .string(String(kept))
        case "jsonencode":
            try given.expect(1)
            return .string(arguments[0].jsonString())
        case "tostring": return .string(try given.text(of: 1))
        default: return nil
        }
    }

    private static func ofLists(
        _ name: String, _ arguments: [JSONValue]
    ) throws(Refusal) -> JSONValue? {
        let given = Arguments(arguments)
        switch name {
        case "concat":
            var all: [JSONValue] = []
            for number in arguments.indices { all += try given.list(number) }
            return .array(all)
        case "length":
            try given.expect(1)
            if let object = arguments[0].object {
                return .number(JSONNumber(object.members.count))
            }
            if let text = arguments[0].string { return .number(JSONNumber(text.count)) }
            return .number(JSONNumber(try given.list(0).count))
        case "contains":
            try given.expect(2)
            return .bool(try given.list(0).contains(arguments[1]))
        case "coalesce":
            guard let first = arguments.first(where: { !$0.isNull && $0 != "" }) else {
                throw Refusal(why: "all arguments are empty")
            }
            return first
        case "coalescelist":
            guard let first = arguments.first(where: { $0.array?.isEmpty == false }) else {
                throw Refusal(why: "all lists are empty")
            }
            return first
        case "compact":
            try given.expect(1)
            return .array(try given.list(0).filter { $0 != "" && !$0.isNull })
        case "distinct":
            try given.expect(1)
            var seen: Set<JSONValue> = []
            return .array(try given.list(0).filter { seen.insert($0).inserted })
        case "flatten":
            try given.expect(1)
            return .array(flattened(try given.list(0)))
        case "reverselist":
            try given.expect(1)
            return .array(try given.list(0).reversed())
        case "sort":
            try given.expect(1)
            let texts = try given.list(0).map { value throws(Refusal) in try Arguments.text(value) }
            return .array(texts.sorted().map { .string($0) })
        case "range":
            guard (1...2).contains(arguments.count) else {
                throw Refusal(why: "it takes 1 or 2 arguments and got \(arguments.count)")
            }
            let start = arguments.count == 1 ? 0 : try given.index(0)
            let end = try given.index(arguments.count - 1)
            guard end - start < 10_000 else { throw Refusal(why: "the list would be too long") }
            return .array((start..<max(start, end)).map { .number(JSONNumber($0)) })
        default: return nil
        }
    }

    private static func ofObjects(
        _ name: String, _ arguments: [JSONValue]
    ) throws(Refusal) -> JSONValue? {
        let given = Arguments(arguments)
        switch name {
        case "keys", "values":
            try given.expect(1)
            let members = try given.object(0).members.sorted { $0.name < $1.name }
            return .array(members.map { name == "keys" ? .string($0.name) : $0.value })
        case "lookup":
            let object = try given.object(0)
            if let value = object[try given.text(1)] { return value }
            guard arguments.count == 3 else { throw Refusal(why: "there is no such member") }
            return arguments[2]
        case "merge":
            var all = JSONObject()
            for number in arguments.indices {
                for member in try given.object(number).members { all[member.name] = member.value }
            }
            return .object(all)
        default: return nil
        }
    }

    private static func ofNumbers(
        _ name: String, _ arguments: [JSONValue]
    ) throws(Refusal) -> JSONValue? {
        let given = Arguments(arguments)
        switch name {
        case "equal", "notequal":
            try given.expect(2)
            return .bool((arguments[0] == arguments[1]) == (name == "equal"))
        case "and", "or":
            try given.expect(2)
            let (first, second) = (try given.bool(0), try given.bool(1))
            return .bool(name == "and" ? first && second : first || second)
        case "not":
            try given.expect(1)
            return .bool(!(try given.bool(0)))
        case "add", "subtract", "multiply", "divide", "modulo":
            try given.expect(2)
            let (first, second) = (try given.number(0), try given.number(1))
            switch name {
            case "add": return try number(first + second)
            case "subtract": return try number(first - second)
            case "multiply": return try number(first * second)
            default:
                guard second != 0 else { throw Refusal(why: "a number is divided by 0") }
                return try number(
                    name == "divide"
                        ? first / second : first.truncatingRemainder(dividingBy: second))
            }
        case "greaterthan": return .bool(try given.number(0) > given.number(1))
        case "greaterthanorequalto": return .bool(try given.number(0) >= given.number(1))
        case "lessthan": return .bool(try given.number(0) < given.number(1))
        case "lessthanorequalto": return .bool(try given.number(0) <= given.number(1))
        case "min", "max":
            let numbers = try arguments.indices.map { index throws(Refusal) in
                try given.number(index)
            }
            guard let found = name == "min" ? numbers.min() : numbers.max() else {
                throw Refusal(why: "it takes 1 argument at least")
            }
            return try number(found)
        case "tonumber":
            try given.expect(1)
            return try number(try given.number(0))
        case "tobool":
            try given.expect(1)
            return .bool(try given.bool(0))
        default: return nil
        }
    }

    private static func number(_ value: Double) throws(Refusal) -> JSONValue {
        guard let number = HCLValue.number(value) else {
            throw Refusal(why: "a number is too large")
        }
        return number
    }

    private static func titled(_ text: String) -> String {
        var follows = false
        return String(
            text.map { letter in
                defer { follows = letter.isLetter || letter.isNumber }
                return follows ? letter : letter.uppercased().first ?? letter
            })
    }

    private static func trimmed(_ text: String, _ letters: String) -> String {
        trimmedEnd(text.drop { letters.contains($0) }) { letters.contains($0) }
    }

    private static func trimmedEnd(
        _ text: Substring, _ isInTheWay: (Character) -> Bool
    ) -> String {
        var text = text
        while let last = text.last, isInTheWay(last) { text.removeLast() }
        return String(text)
    }

    /// Texts with another one between each two.
    private static func joined(
        _ texts: [String], _ separator: String
    ) throws(Refusal) -> JSONValue {
        let own = texts.reduce(0) { $0 + $1.utf8.count }
        let between = (texts.count - 1).multipliedReportingOverflow(by: separator.utf8.count)
        guard !between.overflow, own + between.partialValue < longestText else {
            throw Refusal(why: "the text would be too long")
        }
        return .string(texts.joined(separator: separator))
    }

    /// What stands between separators; the text itself for an empty one.
    private static func parts(of text: String, by separator: String) -> [String] {
        let (bytes, mark) = (Array(text.utf8), Array(separator.utf8))
        guard !mark.isEmpty else { return [text] }
        var parts: [String] = []
        var start = 0
        var position = 0
        while position + mark.count <= bytes.count {
            guard bytes[position...].starts(with: mark) else {
                position += 1
                continue
            }
            parts.append(bytes[start..<position].text)
            position += mark.count
            start = position
        }
        return parts + [bytes[start...].text]
    }

    private static func flattened(_ list: [JSONValue]) -> [JSONValue] {
        list.flatMap { value in value.array.map(flattened) ?? [value] }
    }
}

/// What a function was called with.
private struct Arguments {
    typealias Refusal = HCLFunctions.Refusal
    let values: [JSONValue]

    init(_ values: [JSONValue]) { self.values = values }

    func expect(_ count: Int) throws(Refusal) {
        guard values.count == count else {
            throw Refusal(why: "it takes \(count) arguments and got \(values.count)")
        }
    }

    /// The first argument of so many, as a text.
    func text(of count: Int) throws(Refusal) -> String {
        try expect(count)
        return try text(0)
    }

    func text(_ number: Int) throws(Refusal) -> String { try Self.text(try value(number)) }

    static func text(_ value: JSONValue) throws(Refusal) -> String {
        guard let text = HCLValue.text(value) else {
            throw Refusal(why: "\(HCLValue.kind(value)) is no text")
        }
        return text
    }

    func list(_ number: Int) throws(Refusal) -> [JSONValue] {
        let value = try value(number)
        guard let list = value.array else {
            throw Refusal(why: "\(HCLValue.kind(value)) is no list")
        }
        return list
    }

    func object(_ number: Int) throws(Refusal) -> JSONObject {
        let value = try value(number)
        guard let object = value.object else {
            throw Refusal(why: "\(HCLValue.kind(value)) is no object")
        }
        return object
    }

    func number(_ number: Int) throws(Refusal) -> Double {
        let value = try value(number)
        guard let found = HCLValue.double(value) else {
            throw Refusal(why: "\(HCLValue.kind(value)) is no number")
        }
        return found
    }

    /// A whole number that is no more than there can be elements.
    func index(_ number: Int) throws(Refusal) -> Int {
        guard let index = Int(exactly: try self.number(number)) else {
            throw Refusal(why: "a number should be whole")
        }
        // Of the least number there is no opposite.
        guard index.magnitude < 1 << 31 else { throw Refusal(why: "a number is too large") }
        return index
    }

    func bool(_ number: Int) throws(Refusal) -> Bool {
        let value = try value(number)
        guard let bool = HCLValue.bool(value) else {
            throw Refusal(why: "\(HCLValue.kind(value)) is neither true nor false")
        }
        return bool
    }

    private func value(_ number: Int) throws(Refusal) -> JSONValue {
        guard values.indices.contains(number) else {
            throw Refusal(why: "it got \(values.count) arguments")
        }
        return values[number]
    }
}
