package import Diagnostics
package import OCI

/// What a bake is to build: targets with all that they take over from others.
package struct BakePlan: Sendable {
    /// The targets in the order in which they are built.
    package private(set) var targets: [BakeTarget] = []
    /// The groups that were named, and what they stand for.
    package private(set) var groups: [String: [String]] = [:]

    private let file: BakeFile

    /// - Parameters:
    ///   - file: what there is.
    ///   - names: targets or groups; none is `default`.
    ///   - overrides: `--set`.
    ///   - environment: sets variables.
    /// - Throws: `.notFound` for a name that is neither; `.invalid` for a mistake in the file.
    package init(
        _ file: BakeFile, names: [String], overrides: [BakeOverride],
        environment: [String: String]
    ) throws(Problem) {
        self.file = file
        let names = names.isEmpty ? ["default"] : names
        var found = Resolution(
            file: file, overrides: overrides,
            variables: BakeVariables(file, environment: environment))
        for name in names { try found.add(name) }
        for override in overrides where !override.isUsed(by: found.order) {
            throw Problem(
                kind: .notFound, what: "cannot set \(override.text)",
                why: "no target that is built has such a name")
        }
        groups = found.groups
        if groups["default"] == nil { groups["default"] = names }
        targets = found.order
    }

    /// What `--print` shows.
    package var json: JSONValue {
        var all = JSONObject()
        for (name, members) in groups.sorted(by: { $0.key < $1.key }) {
            all[name] = ["targets": .array(members.map { .string($0) })]
        }
        var each = JSONObject()
        for target in targets.sorted(by: { $0.name < $1.name }) {
            each[target.name] = .object(target.attributes)
        }
        return ["group": .object(all), "target": .object(each)]
    }
}

/// Finds targets by their names, each once, and those that it needs before it.
private struct Resolution {
    let file: BakeFile
    let overrides: [BakeOverride]
    let variables: BakeVariables
    var order: [BakeTarget] = []
    var groups: [String: [String]] = [:]
    private var open: Set<String> = []
    private var expansions: [String: [BakeTarget]] = [:]

    init(file: BakeFile, overrides: [BakeOverride], variables: BakeVariables) {
        self.file = file
        self.overrides = overrides
        self.variables = variables
    }

    mutating func add(_ name: String) throws(Problem) {
        guard open.insert(name).inserted else {
            throw mistake("\(name) depends on itself")
        }
        defer { open.remove(name) }
        if let bodies = file.groups[name] {
            var members: [String] = []
            for body in bodies {
                guard let expression = body.attributes["targets"] else { continue }
                let value = try variables.evaluation().value(of: expression)
                guard let texts = BakeTarget.texts(value) else {
                    throw mistake("the targets of the group \(name) are no list of names")
                }
                members += texts.filter { !members.contains($0) }
            }
            groups[name] = members
            for member in members {
                guard member == name else {
                    try add(member)
                    continue
                }
                for target in try expansion(of: name) { try place(target) }
            }
            return
        }
        let targets = try expansion(of: name)
        if targets.count > 1 { groups[name] = targets.map(\.name) }
        for target in targets { try place(target) }
    }

    /// Puts a target behind those whose images it takes files from.
    private mutating func place(_ target: BakeTarget) throws(Problem) {
        guard !order.contains(where: { $0.name == target.name }) else { return }
        for base in target.bases { try add(base) }
        order.append(target)
    }

    private func mistake(_ why: String) -> Problem {
        Problem(kind: .invalid, what: "cannot use \(file.name)", why: why)
    }

    /// The target of a name, or one for each combination of its matrix.
    private mutating func expansion(of name: String) throws(Problem) -> [BakeTarget] {
        if let known = expansions[name] { return known }
        guard file.targets[name] != nil else {
            for other in file.targets.keys.sorted() where try matrix(of: other) != nil {
                if let target = try expansion(of: other).first(where: { $0.name == name }) {
                    return [target]
                }
            }
            throw Problem(
                kind: .notFound, what: "cannot bake \(name)",
                why: "\(file.name) has no target and no group of that name",
                fix: "it has: "
                    + (Array(file.targets.keys) + file.groups.keys).sorted().joined(separator: ", ")
            )
        }
        var targets: [BakeTarget] = []
        for locals in try combinations(try matrix(of: name)) {
            var attributes = try attributes(of: name, locals)
            var own: JSONValue?
            if let expression = file.targets[name]?.compactMap({ $0.attributes["name"] }).last {
                own = try variables.evaluation(locals).value(of: expression)
            }
            if own == nil, !locals.isEmpty { throw mistake("\(name) has a matrix and no name") }
            if own != nil, locals.isEmpty { throw mistake("\(name) has a name and no matrix") }
            attributes["name"] = nil
            attributes["matrix"] = nil
            var target = BakeTarget(
                name: own.flatMap(HCLValue.text) ?? name, attributes: attributes)
            try BakeOverride.apply(overrides, to: &target)
            targets.append(target)
        }
        expansions[name] = targets
        return targets
    }

    private func matrix(of name: String) throws(Problem) -> JSONObject? {
        guard
            let expression = file.targets[name]?.compactMap({ $0.attributes["matrix"] }).last
        else { return nil }
        guard let matrix = try variables.evaluation().value(of: expression).object else {
            throw mistake("the matrix of \(name) is no object")
        }
        return matrix
    }

    private func combinations(_ matrix: JSONObject?) throws(Problem) -> [[String: JSONValue]] {
        var all: [[String: JSONValue]] = [[:]]
        for axis in matrix?.members ?? [] {
            guard let values = axis.value.array else {
                throw mistake("\(axis.name) of a matrix is no list")
            }
            all = all.flatMap { locals in
                values.map { value in locals.merging([axis.name: value]) { $1 } }
            }
            guard all.count <= 1000 else { throw mistake("a matrix makes too many targets") }
        }
        return all
    }

    /// A target's attributes on top of those that it inherits.
    private mutating func attributes(
        of name: String, _ locals: [String: JSONValue]
    ) throws(Problem) -> JSONObject {
        var own = JSONObject()
        let evaluation = variables.evaluation(locals)
        for body in file.targets[name] ?? [] {
            guard body.blocks.isEmpty else { throw mistake("\(name) has a block in it") }
            var part = JSONObject()
            for (attribute, expression) in body.attributes.sorted(by: { $0.key < $1.key }) {
                if attribute == "matrix" { continue }
                part[attribute] = try evaluation.value(of: expression)
            }
            own = BakeTarget.merged(own, with: part)
        }
        let inherited = BakeTarget.texts(own["inherits"] ?? .array([]))
        guard let inherited else { throw mistake("\(name) inherits no list of names") }
        own["inherits"] = nil
        var base = JSONObject()
        for parent in inherited {
            guard open.insert("inherits \(parent)").inserted else {
                throw mistake("\(parent) inherits itself")
            }
            defer { open.remove("inherits \(parent)") }
            guard file.targets[parent] != nil else {
                throw mistake("\(name) inherits \(parent), which there is not")
            }
            var attributes = try attributes(of: parent, locals)
            attributes["name"] = nil
            base = BakeTarget.merged(base, with: attributes)
        }
        return BakeTarget.merged(base, with: own)
    }
}
