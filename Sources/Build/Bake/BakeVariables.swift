import Diagnostics
import OCI

/// The values of a bake file's variables; each is computed when it is first asked for.
final class BakeVariables {
    private let file: BakeFile
    private let environment: [String: String]
    private var known: [String: JSONValue] = [:]
    private var isBusy: Set<String> = []
    private let budget = HCLBudget()

    /// - Parameters:
    ///   - file: declares the variables.
    ///   - environment: sets some of them.
    init(_ file: BakeFile, environment: [String: String]) {
        self.file = file
        self.environment = environment
        known["BAKE_CMD_CONTEXT"] = ""
        known["BAKE_LOCAL_PLATFORM"] = .string("\(Platform.host)")
    }

    /// Computes expressions in which these variables stand, and more.
    func evaluation(_ locals: [String: JSONValue] = [:]) -> HCLEvaluation {
        HCLEvaluation(
            file: file.name, functions: file.functions, budget: budget
        ) { name throws(Problem) in
            if let value = locals[name] { return value }
            return try self.value(of: name)
        }
    }

    private func value(of name: String) throws(Problem) -> JSONValue? {
        if let value = known[name] { return value }
        guard isBusy.insert(name).inserted else {
            throw evaluation().mistake("the variable \(name) depends on itself")
        }
        defer { isBusy.remove(name) }
        let value: JSONValue
        if let body = file.variables[name] {
            value = try self.value(of: name, body)
            known[name] = value
            try validate(name, body)
        } else if let expression = file.constants[name] {
            value = try evaluation().value(of: expression)
            known[name] = value
        } else {
            return nil
        }
        return value
    }

    private func value(of name: String, _ body: HCLBody) throws(Problem) -> JSONValue {
        var usual: JSONValue?
        if let expression = body.attributes["default"] {
            usual = try evaluation().value(of: expression)
        }
        guard let text = environment[name] else { return usual ?? "" }
        switch usual {
        case .number?:
            guard let number = Double(text).flatMap(HCLValue.number) else {
                throw evaluation().mistake(
                    "the variable \(name) is a number, and '\(text)' is none")
            }
            return number
        case .bool?:
            guard let bool = HCLValue.bool(.string(text)) else {
                throw evaluation().mistake(
                    "the variable \(name) is true or false, and '\(text)' is neither")
            }
            return .bool(bool)
        case .array?, .object?:
            throw evaluation().mistake(
                "the variable \(name) is \(HCLValue.kind(usual ?? .null)), which the environment "
                    + "cannot set")
        case .string?, .null?, nil: return .string(text)
        }
    }

    private func validate(_ name: String, _ body: HCLBody) throws(Problem) {
        for block in body.blocks where block.type == "validation" {
            guard let condition = block.body.attributes["condition"] else { continue }
            let isValid = try evaluation().value(of: condition)
            if HCLValue.bool(isValid) == true { continue }
            var message: String?
            if let text = block.body.attributes["error_message"] {
                message = try evaluation().value(of: text).string
            }
            throw evaluation().mistake(
                message ?? "the variable \(name) has a value that is not allowed")
        }
    }
}
