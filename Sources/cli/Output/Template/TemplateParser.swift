/// A part of a parsed template.
indirect enum TemplateNode: Equatable {
    case text(String)
    case action(TemplatePipeline)
    case branch(TemplateBranch)
    case range(TemplateBranch)
    case with(TemplateBranch)
    case breakLoop
    case continueLoop
}

/// `if`, `range` or `with`: its condition and its two bodies.
struct TemplateBranch: Equatable {
    var pipeline: TemplatePipeline
    var body: [TemplateNode]
    var alternative: [TemplateNode]
}

/// `$x := a | b c`: commands, each of which gets the value of the one before as last argument.
struct TemplatePipeline: Equatable {
    /// The variables that get the value: none, one, or index and element of a `range`.
    var variables: [String] = []
    /// `:=` makes the variables, `=` changes them.
    var isDeclaration = true
    var commands: [TemplateCommand] = []
}

/// One function, method or value with its arguments.
struct TemplateCommand: Equatable {
    var operands: [TemplateOperand]
}

/// One value in a command.
indirect enum TemplateOperand: Equatable {
    case dot
    case variable(String)
    case function(String)
    case string(String)
    case integer(Int64)
    case number(Double)
    case bool(Bool)
    case `nil`
    case pipeline(TemplatePipeline)
    /// Fields of a value: `.A.B`, `$x.A`, `(index . 0).A`.
    case fields(TemplateOperand, [String])
}

/// Reads a template's tokens into nodes.
struct TemplateParser {
    private let tokens: [TemplateLexer.Token]
    private var position = 0
    /// How deep in `range` loops we are, for `break` and `continue`.
    private var loops = 0
    private var variables: [String] = ["$"]

    static func parse(_ template: String) throws(TemplateError) -> [TemplateNode] {
        var parser = TemplateParser(tokens: try TemplateLexer.tokens(of: template))
        let (nodes, end) = try parser.parseList()
        guard end == .endOfTemplate else { throw .parsing(1, "unexpected {{\(end.word)}}") }
        return nodes
    }

    private init(tokens: [TemplateLexer.Token]) { self.tokens = tokens }

    /// What ends a list of nodes.
    private enum End: Equatable {
        case endOfTemplate, end, elseBranch
        case elseIf, elseWith

        var word: String { self == .end ? "end" : "else" }
    }

    private mutating func parseList() throws(TemplateError) -> ([TemplateNode], End) {
        var nodes: [TemplateNode] = []
        while let token = next() {
            guard token == .open else {
                if case .text(let text) = token { nodes.append(.text(text)) }
                continue
            }
            if case .identifier(let word) = peek() {
                if let end = try parseEnd(word) { return (nodes, end) }
                if let node = try parseControl(word) {
                    nodes.append(node)
                    continue
                }
            }
            nodes.append(.action(try parsePipeline(until: .close)))
        }
        return (nodes, .endOfTemplate)
    }

    private mutating func parseEnd(_ word: String) throws(TemplateError) -> End? {
        guard word == "end" || word == "else" else { return nil }
        position += 1
        if word == "else", case .identifier(let second) = peek(), ["if", "with"].contains(second) {
            position += 1
            return second == "if" ? .elseIf : .elseWith
        }
        try expect(.close, in: word)
        return word == "end" ? .end : .elseBranch
    }

    private mutating func parseControl(_ word: String) throws(TemplateError) -> TemplateNode? {
        switch word {
        case "if":
            position += 1
            return .branch(try parseBranch("if"))
        case "with":
            position += 1
            return .with(try parseBranch("with"))
        case "range":
            position += 1
            loops += 1
            defer { loops -= 1 }
            return .range(try parseBranch("range"))
        case "break", "continue":
            position += 1
            guard loops > 0 else { throw .parsing(1, "{{\(word)}} outside {{range}}") }
            try expect(.close, in: word)
            return word == "break" ? .breakLoop : .continueLoop
        case "define", "template", "block":
            throw .parsing(1, "{{\(word)}} is not supported in a format")
        default: return nil
        }
    }

    private mutating func parseBranch(_ word: String) throws(TemplateError) -> TemplateBranch {
        let known = variables.count
        defer { variables.removeLast(variables.count - known) }
        let pipeline = try parsePipeline(until: .close)
        guard !pipeline.commands.isEmpty else { throw .parsing(1, "missing value for \(word)") }
        let (body, end) = try parseList()
        var alternative: [TemplateNode] = []
        switch end {
        case .end: break
        case .elseBranch:
            let (nodes, last) = try parseList()
            guard last == .end else { throw .parsing(1, "expected end; found {{\(last.word)}}") }
            alternative = nodes
        case .elseIf: alternative = [.branch(try parseBranch("if"))]
        case .elseWith: alternative = [.with(try parseBranch("with"))]
        case .endOfTemplate: throw .parsing(1, "unexpected EOF")
        }
        return TemplateBranch(pipeline: pipeline, body: body, alternative: alternative)
    }

    private mutating func parsePipeline(
        until end: TemplateLexer.Token
    ) throws(TemplateError) -> TemplatePipeline {
        var pipeline = TemplatePipeline()
        try parseVariables(&pipeline)
        var operands: [TemplateOperand] = []
        while true {
            guard let token = next() else { throw .parsing(1, "unclosed action") }
            if token == end || token == .pipe {
                guard !operands.isEmpty else { throw .parsing(1, "missing value for command") }
                pipeline.commands.append(TemplateCommand(operands: operands))
                operands = []
                if token == end { break }
            } else if case .field(let name, isChained: true) = token, let last = operands.popLast()
            {
                operands.append(Self.chain(last, name))
            } else {
                operands.append(try parseOperand(token))
            }
        }
        for variable in pipeline.variables where pipeline.isDeclaration {
            variables.append(variable)
        }
        return pipeline
    }

    /// Reads `$x :=`, `$x =` or `$i, $x :=` where it stands.
    private mutating func parseVariables(_ pipeline: inout TemplatePipeline) throws(TemplateError) {
        guard case .variable(let first) = peek() else { return }
        switch peek(1) {
        case .declare, .assign:
            pipeline.isDeclaration = peek(1) == .declare
            pipeline.variables = [first]
            position += 2
        case .comma:
            guard case .variable(let second) = peek(2), peek(3) == .declare || peek(3) == .assign
            else { throw .parsing(1, "unexpected \",\" in operand") }
            pipeline.isDeclaration = peek(3) == .declare
            pipeline.variables = [first, second]
            position += 4
        default: return
        }
        guard !pipeline.isDeclaration else { return }
        for name in pipeline.variables where !variables.contains(name) {
            throw .parsing(1, "undefined variable \"\(name)\"")
        }
    }

    private mutating func parseOperand(
        _ token: TemplateLexer.Token
    ) throws(TemplateError) -> TemplateOperand {
        switch token {
        case .dot: return .dot
        case .field(let name, _): return .fields(.dot, [name])
        case .variable(let name):
            guard variables.contains(name) else {
                throw .parsing(1, "undefined variable \"\(name)\"")
            }
            return .variable(name)
        case .string(let text): return .string(text)
        case .integer(let value): return .integer(value)
        case .number(let value): return .number(value)
        case .leftParenthesis: return .pipeline(try parsePipeline(until: .rightParenthesis))
        case .identifier("true"): return .bool(true)
        case .identifier("false"): return .bool(false)
        case .identifier("nil"): return .nil
        case .identifier(let name):
            guard TemplateFunctions.names.contains(name) else {
                throw .parsing(1, "function \"\(name)\" not defined")
            }
            return .function(name)
        case .close: throw .parsing(1, "unclosed left paren")
        case .rightParenthesis: throw .parsing(1, "unexpected right paren")
        case .text, .open, .pipe, .comma, .declare, .assign:
            throw .parsing(1, "unexpected token in operand")
        }
    }

    private static func chain(_ operand: TemplateOperand, _ name: String) -> TemplateOperand {
        guard case .fields(let base, let names) = operand else { return .fields(operand, [name]) }
        return .fields(base, names + [name])
    }

    private func peek(_ offset: Int = 0) -> TemplateLexer.Token? {
        position + offset < tokens.count ? tokens[position + offset] : nil
    }

    private mutating func next() -> TemplateLexer.Token? {
        defer { position += 1 }
        return peek()
    }

    private mutating func expect(
        _ token: TemplateLexer.Token, in word: String
    ) throws(TemplateError) {
        guard next() == token else { throw .parsing(1, "unexpected token in \(word)") }
    }
}
