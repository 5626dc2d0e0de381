import OCI

/// Fills a parsed template with a JSON value (Go's text/template, exec.go).
///
/// Docker's templates see Go's structures, ours see JSON. A field that is not there is an error
/// when it is spelled like a structure's field (`.State`), and `<no value>` when it is spelled
/// like a map's key (`.Config.Labels.stage`). A field with an argument, such as `.Label "stage"`,
/// looks the argument up in the field's object.
struct TemplateEvaluator {
    private var variables: [Variable]
    private var dot: JSONValue?
    private var output = ""
    /// The data are column titles: functions that change a value leave a title alone.
    private let isHeader: Bool

    /// A template variable.
    private struct Variable {
        let name: String
        var value: JSONValue?
    }

    /// Why a list of nodes ended.
    private enum Flow { case onward, breakLoop, continueLoop }

    /// The text that a template makes of a value.
    static func text(
        of template: [TemplateNode], with value: JSONValue, isHeader: Bool
    ) throws(TemplateError) -> String {
        var evaluator = TemplateEvaluator(
            variables: [Variable(name: "$", value: value)], dot: value, isHeader: isHeader)
        _ = try evaluator.run(template)
        return evaluator.output
    }

    private init(variables: [Variable], dot: JSONValue?, isHeader: Bool) {
        self.variables = variables
        self.dot = dot
        self.isHeader = isHeader
    }

    private mutating func run(_ nodes: [TemplateNode]) throws(TemplateError) -> Flow {
        for node in nodes {
            switch node {
            case .text(let text): output += text
            case .action(let pipeline):
                let value = try evaluate(pipeline)
                if pipeline.variables.isEmpty { output += TemplateFormat.plain(value) }
            case .branch(let branch):
                let flow = try scoped { evaluator throws(TemplateError) in
                    let isTrue = TemplateFunctions.isTrue(try evaluator.evaluate(branch.pipeline))
                    return try evaluator.run(isTrue ? branch.body : branch.alternative)
                }
                if flow != .onward { return flow }
            case .with(let branch):
                let flow = try runWith(branch)
                if flow != .onward { return flow }
            case .range(let branch):
                let flow = try runRange(branch)
                if flow != .onward { return flow }
            case .breakLoop: return .breakLoop
            case .continueLoop: return .continueLoop
            }
        }
        return .onward
    }

    /// Runs something whose variables end with it.
    private mutating func scoped<Result>(
        _ body: (inout TemplateEvaluator) throws(TemplateError) -> Result
    ) throws(TemplateError) -> Result {
        let count = variables.count
        let outerDot = dot
        let result = try body(&self)
        variables.removeLast(variables.count - count)
        dot = outerDot
        return result
    }

    private mutating func runWith(_ branch: TemplateBranch) throws(TemplateError) -> Flow {
        try scoped { evaluator throws(TemplateError) in
            let value = try evaluator.evaluate(branch.pipeline)
            guard TemplateFunctions.isTrue(value) else {
                return try evaluator.run(branch.alternative)
            }
            evaluator.dot = value
            return try evaluator.run(branch.body)
        }
    }

    private mutating func runRange(_ branch: TemplateBranch) throws(TemplateError) -> Flow {
        try scoped { evaluator throws(TemplateError) in
            var pipeline = branch.pipeline
            let names = pipeline.variables
            pipeline.variables = []
            let elements = try Self.elements(of: try evaluator.evaluate(pipeline))
            guard !elements.isEmpty else { return try evaluator.run(branch.alternative) }
            for element in elements {
                let flow = try evaluator.scoped { inner throws(TemplateError) in
                    if names.count == 2 { inner.set(names[0], to: element.key, isNew: true) }
                    if let last = names.last { inner.set(last, to: element.value, isNew: true) }
                    inner.dot = element.value
                    return try inner.run(branch.body)
                }
                if flow == .breakLoop { break }
            }
            return .onward
        }
    }

    /// One step of a `range`.
    private struct Element {
        let key: JSONValue
        let value: JSONValue
    }

    /// What `range` goes through: a list's elements, an object's values by name, a number's count.
    private static func elements(of value: JSONValue?) throws(TemplateError) -> [Element] {
        switch value {
        case nil, .null: return []
        case .array(let values):
            return values.enumerated().map { Element(key: .number(JSONNumber($0)), value: $1) }
        case .object(let object):
            return object.members.sorted { $0.name < $1.name }
                .map { Element(key: .string($0.name), value: $0.value) }
        case .number(let number):
            guard let count: Int = number.integer(), (0...1_000_000).contains(count) else {
                throw .executing("range", "range can't iterate over \(number.text)")
            }
            return (0..<count).map { index in
                let number = JSONValue.number(JSONNumber(index))
                return Element(key: number, value: number)
            }
        case .bool, .string:
            throw .executing("range", "range can't iterate over \(TemplateFormat.plain(value))")
        }
    }

    private mutating func set(_ name: String, to value: JSONValue?, isNew: Bool) {
        if !isNew, let index = variables.lastIndex(where: { $0.name == name }) {
            variables[index].value = value
        } else {
            variables.append(Variable(name: name, value: value))
        }
    }

    private mutating func evaluate(
        _ pipeline: TemplatePipeline
    ) throws(TemplateError) -> JSONValue? {
        var piped: [JSONValue?] = []
        for command in pipeline.commands { piped = [try evaluate(command, piped)] }
        let value = piped.first ?? nil
        for name in pipeline.variables { set(name, to: value, isNew: pipeline.isDeclaration) }
        return value
    }

    private mutating func evaluate(
        _ command: TemplateCommand, _ piped: [JSONValue?]
    ) throws(TemplateError) -> JSONValue? {
        let first = command.operands[0]
        let rest = command.operands.dropFirst()
        if case .function(let name) = first { return try call(name, rest, piped) }
        guard !rest.isEmpty || !piped.isEmpty else { return try evaluate(first) }
        guard case .fields = first else {
            throw .executing(
                TemplateFormat.source(first), "can't give argument to non-function")
        }
        var arguments: [JSONValue?] = []
        for operand in rest { arguments.append(try evaluate(operand)) }
        return try look(up: arguments + piped, in: first)
    }

    /// `.Label "stage"`: an argument looked up in a field's object.
    private mutating func look(
        up arguments: [JSONValue?], in operand: TemplateOperand
    ) throws(TemplateError) -> JSONValue? {
        let place = TemplateFormat.source(operand)
        guard arguments.count == 1, let key = arguments[0]?.string else {
            throw .executing(place, "wrong number of args: want 1 got \(arguments.count)")
        }
        if isHeader {
            let title = key.split(separator: ".").last ?? ""
            return .string(
                String(title.map { "-_".contains($0) ? " " : $0 }).uppercased())
        }
        guard let object = try evaluate(operand)?.object else {
            throw .executing(place, "\(place) has arguments but cannot be invoked as function")
        }
        return object[key] ?? ""
    }

    /// Calls a function; `and` and `or` stop at the argument that decides.
    private mutating func call(
        _ name: String, _ operands: ArraySlice<TemplateOperand>, _ piped: [JSONValue?]
    ) throws(TemplateError) -> JSONValue? {
        if name == "and" || name == "or" {
            var value = piped.first ?? nil
            for operand in operands {
                value = try evaluate(operand)
                if TemplateFunctions.isTrue(value) == (name == "or") { return value }
            }
            guard !operands.isEmpty || !piped.isEmpty else {
                throw .executing(name, "wrong number of args for \(name): want at least 1 got 0")
            }
            return piped.first ?? value
        }
        var arguments: [JSONValue?] = []
        for operand in operands { arguments.append(try evaluate(operand)) }
        arguments += piped
        if isHeader, TemplateFunctions.namesThatChangeText.contains(name),
            let title = arguments.first(where: { $0?.string != nil })
        {
            return title
        }
        return try TemplateFunctions.call(name, arguments)
    }

    private mutating func evaluate(_ operand: TemplateOperand) throws(TemplateError) -> JSONValue? {
        switch operand {
        case .dot: return dot
        case .variable(let name): return variables.last { $0.name == name }?.value
        case .function(let name): return try call(name, [], [])
        case .string(let text): return .string(text)
        case .integer(let value): return .number(JSONNumber(value))
        case .number(let value): return .number(JSONNumber(value))
        case .bool(let value): return .bool(value)
        case .nil: return .null
        case .pipeline(let pipeline): return try evaluate(pipeline)
        case .fields(let base, let names):
            var value = try evaluate(base)
            for (index, name) in names.enumerated() {
                let place = TemplateFormat.source(.fields(base, Array(names[...index])))
                value = try field(name, of: value, place)
            }
            return value
        }
    }

    private func field(
        _ name: String, of value: JSONValue?, _ place: String
    ) throws(TemplateError) -> JSONValue? {
        switch value {
        case .object(let object):
            if let member = object[name] { return member }
            guard name.first?.isUppercase == true else { return nil }
            if let member = object.members.first(where: { $0.name.isGoField(name) }) {
                return member.value
            }
            throw .executing(place, "map has no entry for key \"\(name)\"")
        case nil, .null: throw .executing(place, "nil data; no entry for key \"\(name)\"")
        case .bool, .number, .string, .array:
            throw .executing(
                place, "can't evaluate field \(name) in \(TemplateFormat.plain(value))")
        }
    }
}

extension String {
    /// Whether Go has a field of this name for the JSON member, which begins small: `TimeNano` for
    /// `timeNano`, `ID` for `id`.
    fileprivate func isGoField(_ field: String) -> Bool {
        first?.isLowercase == true && lowercased() == field.lowercased()
    }
}
