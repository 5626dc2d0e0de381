import Diagnostics
import OCI

/// Computes the values of expressions.
struct HCLEvaluation {
    /// Gives the value of a variable, or nil where there is none.
    typealias Lookup = (String) throws(Problem) -> JSONValue?

    /// What the functions are that the file itself defines.
    var functions: [String: HCLFunction] = [:]
    /// The file, for errors.
    var file: String
    /// What all expressions of the file may cost together.
    let budget: HCLBudget
    let lookup: Lookup

    /// How deep functions may call each other.
    private static let deepest = 50
    private var depth = 0

    init(
        file: String, functions: [String: HCLFunction], budget: HCLBudget,
        _ lookup: @escaping Lookup
    ) {
        self.file = file
        self.functions = functions
        self.budget = budget
        self.lookup = lookup
    }

    func mistake(_ why: String) -> Problem {
        Problem(kind: .invalid, what: "cannot use \(file)", why: why)
    }

    func value(of expression: HCLExpression) throws(Problem) -> JSONValue {
        try spend(1)
        switch expression {
        case .literal(let value): return value
        case .template(let parts): return .string(try text(of: parts))
        case .variable(let name):
            guard let value = try lookup(name) else {
                throw mistake("there is no variable \(name)")
            }
            return value
        case .attribute(let source, let name):
            return try element(of: try value(of: source), at: .string(name))
        case .index(let source, let index):
            return try element(of: try value(of: source), at: try value(of: index))
        case .list(let elements): return try paid(.array(try elements.map(value)))
        case .object(let members): return try paid(.object(try object(of: members)))
        case .call(let name, let arguments, let spreadsLast):
            return try paid(try call(name, arguments, spreadsLast))
        case .not(let operand): return .bool(!(try bool(of: operand)))
        case .negative(let operand): return try number(-(try double(of: operand)))
        case .binary(let sign, let left, let right): return try binary(sign, left, right)
        case .conditional(let condition, let yes, let no):
            return try value(of: try bool(of: condition) ? yes : no)
        case .loop(let loop): return try paid(try value(of: loop))
        }
    }

    /// A value that was made just now: a file that doubles it again and again ends here.
    private func paid(_ value: JSONValue) throws(Problem) -> JSONValue {
        try spend(HCLBudget.cost(of: value, upTo: budget.left))
        return value
    }

    private func spend(_ steps: Int) throws(Problem) {
        guard budget.spend(steps) else {
            throw Problem(
                kind: .exhausted, what: "cannot use \(file)",
                why: "its expressions take more than \(HCLBudget.most) steps",
                fix: "look for functions that call themselves, and for lists of lists")
        }
    }

    private func text(of parts: [HCLExpression]) throws(Problem) -> String {
        var text = ""
        for part in parts {
            let value = try value(of: part)
            guard let portion = HCLValue.text(value) else {
                throw mistake("\(HCLValue.kind(value)) cannot be part of a text")
            }
            try spend(HCLBudget.cost(of: .string(portion), upTo: budget.left))
            text += portion
        }
        return text
    }

    private func element(of source: JSONValue, at index: JSONValue) throws(Problem) -> JSONValue {
        if let array = source.array, let number = HCLValue.double(index).flatMap(Int.init(exactly:))
        {
            guard array.indices.contains(number) else {
                throw mistake("a list of \(array.count) has no element \(number)")
            }
            return array[number]
        }
        guard let object = source.object, let name = HCLValue.text(index) else {
            throw mistake("\(HCLValue.kind(source)) has no elements")
        }
        guard let value = object[name] else { throw mistake("an object has no member \(name)") }
        return value
    }

    private func object(of members: [HCLExpression.Member]) throws(Problem) -> JSONObject {
        var object = JSONObject()
        for member in members {
            let name = try value(of: member.name)
            guard let text = HCLValue.text(name) else {
                throw mistake("\(HCLValue.kind(name)) is no name of a member")
            }
            object[text] = try value(of: member.value)
        }
        return object
    }

    private func call(
        _ name: String, _ arguments: [HCLExpression], _ spreadsLast: Bool
    ) throws(Problem) -> JSONValue {
        if name == "try", !spreadsLast { return try firstThatWorks(arguments) }
        if name == "can", arguments.count == 1 {
            let isPossible = (try? value(of: arguments[0])) != nil  // that is the question
            try spend(0)
            return .bool(isPossible)
        }
        var values = try arguments.map(value)
        if spreadsLast {
            guard let last = values.popLast(), let spread = last.array else {
                throw mistake("\(name): '...' needs a list")
            }
            values += spread
        }
        guard let function = functions[name] else {
            do throws(HCLFunctions.Refusal) {
                return try HCLFunctions.call(name, values)
            } catch {
                throw mistake("\(name): \(error.why)")
            }
        }
        guard depth < Self.deepest else { throw mistake("\(name) calls itself without an end") }
        let locals = try function.locals(values, named: name, in: file)
        var inner = HCLEvaluation(
            file: file, functions: functions, budget: budget
        ) { name throws(Problem) in
            if let value = locals[name] { return value }
            return try lookup(name)
        }
        inner.depth = depth + 1
        return try inner.value(of: function.result)
    }

    private func firstThatWorks(_ expressions: [HCLExpression]) throws(Problem) -> JSONValue {
        var failure = mistake("try needs something to try")
        for expression in expressions {
            do throws(Problem) {
                return try value(of: expression)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func bool(of expression: HCLExpression) throws(Problem) -> Bool {
        let value = try value(of: expression)
        guard let bool = HCLValue.bool(value) else {
            throw mistake("\(HCLValue.kind(value)) is neither true nor false")
        }
        return bool
    }

    private func double(of expression: HCLExpression) throws(Problem) -> Double {
        let value = try value(of: expression)
        guard let number = HCLValue.double(value) else {
            throw mistake("\(HCLValue.kind(value)) is no number")
        }
        return number
    }

    private func number(_ value: Double) throws(Problem) -> JSONValue {
        guard let number = HCLValue.number(value) else { throw mistake("a number is too large") }
        return number
    }

    private func binary(
        _ sign: String, _ left: HCLExpression, _ right: HCLExpression
    ) throws(Problem) -> JSONValue {
        switch sign {
        case "||": return .bool(try bool(of: left) ? true : try bool(of: right))
        case "&&": return .bool(try bool(of: left) ? try bool(of: right) : false)
        case "==": return .bool(try value(of: left) == value(of: right))
        case "!=": return .bool(try value(of: left) != value(of: right))
        default: break
        }
        let (first, second) = (try double(of: left), try double(of: right))
        switch sign {
        case "<": return .bool(first < second)
        case "<=": return .bool(first <= second)
        case ">": return .bool(first > second)
        case ">=": return .bool(first >= second)
        case "+": return try number(first + second)
        case "-": return try number(first - second)
        case "*": return try number(first * second)
        default:
            guard second != 0 else { throw mistake("a number is divided by 0") }
            return try number(
                sign == "/" ? first / second : first.truncatingRemainder(dividingBy: second))
        }
    }

    private func value(of loop: HCLExpression.Loop) throws(Problem) -> JSONValue {
        let source = try value(of: loop.source)
        let pairs: [(JSONValue, JSONValue)]
        if let array = source.array {
            pairs = array.enumerated().map { (.number(JSONNumber($0.offset)), $0.element) }
        } else if let object = source.object {
            pairs = object.members.map { (.string($0.name), $0.value) }
        } else {
            throw mistake("'for' needs a list or an object, not \(HCLValue.kind(source))")
        }
        var list: [JSONValue] = []
        var object = JSONObject()
        for (key, element) in pairs {
            let names = loop.names
            var inner = HCLEvaluation(
                file: file, functions: functions, budget: budget
            ) { name throws(Problem) in
                if name == names.last { return element }
                return name == names.first ? key : try lookup(name)
            }
            inner.depth = depth
            if let condition = loop.condition, try !inner.bool(of: condition) { continue }
            let value = try inner.value(of: loop.value)
            guard let key = loop.key else {
                list.append(value)
                continue
            }
            let name = try inner.value(of: key)
            guard let text = HCLValue.text(name) else {
                throw mistake("\(HCLValue.kind(name)) is no name of a member")
            }
            try spend(object.members.count / 16)  // each is looked at
            object[text] = value
        }
        return loop.key == nil ? .array(list) : .object(object)
    }
}

/// `function "NAME" { params = […], result = … }` of a bake file.
struct HCLFunction: Sendable {
    var parameters: [String]
    /// What takes the rest of the arguments, as a list.
    var rest: String?
    var result: HCLExpression

    func locals(
        _ values: [JSONValue], named name: String, in file: String
    ) throws(Problem) -> [String: JSONValue] {
        let isEnough = values.count >= parameters.count
        guard isEnough, rest != nil || values.count == parameters.count else {
            throw Problem(
                kind: .invalid, what: "cannot use \(file)",
                why: "\(name) takes \(parameters.count) arguments and got \(values.count)")
        }
        var locals = Dictionary(zip(parameters, values)) { $1 }
        if let rest { locals[rest] = .array(Array(values.dropFirst(parameters.count))) }
        return locals
    }
}
