package import Diagnostics
import OCI

/// Files of `buildx bake`: what is built, by targets that others build upon.
package struct BakeFile: Sendable {
    /// The files, for errors.
    let name: String
    private(set) var variables: [String: HCLBody] = [:]
    private(set) var functions: [String: HCLFunction] = [:]
    /// Blocks of one name in the order of the files: later ones add to earlier ones.
    private(set) var groups: [String: [HCLBody]] = [:]
    private(set) var targets: [String: [HCLBody]] = [:]
    /// Attributes of the file itself: variables that nobody else sets.
    private(set) var constants: [String: HCLExpression] = [:]

    /// A file's text.
    package struct Source: Sendable {
        var name: String
        var text: [UInt8]

        package init(name: String, text: [UInt8]) {
            self.name = name
            self.text = text
        }
    }

    /// Reads files, of which later ones add to earlier ones.
    ///
    /// - Parameters:
    ///   - sources: the files: HCL, JSON, or compose files, whose names end with .yaml or .yml.
    ///   - environment: the values of variables in compose files.
    /// - Throws: `.invalid` with the line of the mistake; `.unsupported` for what Kade does not bake.
    package init(_ sources: [Source], environment: [String: String]) throws(Problem) {
        name = sources.map(\.name).joined(separator: ", ")
        for source in sources {
            try add(try Self.body(of: source, environment), of: source.name)
        }
    }

    private static func body(
        of source: Source, _ environment: [String: String]
    ) throws(Problem) -> HCLBody {
        if source.name.hasSuffix(".yaml") || source.name.hasSuffix(".yml") {
            return try ComposeBuilds(
                source.text, named: source.name, environment: environment
            ).body()
        }
        let isJSON = source.text.trimmed.first == UInt8(ascii: "{")
        return isJSON
            ? try HCLBody(json: source.text, named: source.name)
            : try HCLReader.body(of: source.text, named: source.name)
    }

    /// The targets that can be built, and the groups.
    package var targetNames: [String] { (Array(targets.keys) + groups.keys).sorted() }

    package var variableNames: [String] { variables.keys.sorted() }

    private mutating func add(_ body: HCLBody, of file: String) throws(Problem) {
        constants.merge(body.attributes) { $1 }
        for block in body.blocks {
            switch block.type {
            case "variable": variables[block.label] = block.body
            case "function": functions[block.label] = try function(block, of: file)
            case "group": groups[block.label, default: []].append(block.body)
            case "target": targets[block.label, default: []].append(block.body)
            default:
                throw Problem(
                    kind: .unsupported, what: "cannot use \(file)",
                    why: "this version of Kade has no blocks of the type \(block.type)",
                    fix: "variable, function, group or target")
            }
        }
    }

    private func function(_ block: HCLBlock, of file: String) throws(Problem) -> HCLFunction {
        guard let result = block.body.attributes["result"] else {
            throw Problem(
                kind: .invalid, what: "cannot use \(file)",
                why: "the function \(block.label) has no result")
        }
        return HCLFunction(
            parameters: names(in: block.body.attributes["params"]),
            rest: names(in: block.body.attributes["variadic_params"]).first, result: result)
    }

    /// Names that stand in a list, or alone, without quotes.
    private func names(in expression: HCLExpression?) -> [String] {
        switch expression {
        case .list(let elements)?: elements.flatMap { names(in: $0) }
        case .variable(let name)?: [name]
        case .literal(.string(let name))?: [name]
        default: []
        }
    }
}

extension HCLBody {
    /// Reads JSON, whose texts may have expressions in them.
    fileprivate init(json text: [UInt8], named name: String) throws(Problem) {
        let root = try JSONValue.parse(text, named: name)
        for member in root.object?.members ?? [] {
            guard ["variable", "function", "group", "target"].contains(member.name) else {
                attributes[member.name] = try HCLExpression(json: member.value, named: name)
                continue
            }
            guard let labels = member.value.object?.members else {
                throw Problem(
                    kind: .invalid, what: "cannot use \(name)", why: "\(member.name) is no object")
            }
            for label in labels {
                var body = HCLBody()
                for attribute in label.value.object?.members ?? [] {
                    body.attributes[attribute.name] = try HCLExpression(
                        json: attribute.value, named: name)
                }
                blocks.append(HCLBlock(type: member.name, label: label.name, body: body))
            }
        }
    }
}

extension HCLExpression {
    fileprivate init(json value: JSONValue, named name: String) throws(Problem) {
        switch value {
        case .null, .bool, .number: self = .literal(value)
        case .string(let text): self = try HCLReader.template(Array(text.utf8), named: name)
        case .array(let elements):
            self = .list(
                try elements.map { element throws(Problem) in
                    try HCLExpression(json: element, named: name)
                })
        case .object(let object):
            self = .object(
                try object.members.map { member throws(Problem) in
                    Member(
                        name: .literal(.string(member.name)),
                        value: try HCLExpression(json: member.value, named: name))
                })
        }
    }
}
