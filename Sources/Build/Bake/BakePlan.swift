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
    private var combinations: [String: [Combination]] = [:]

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
        let found = try combinations(named: name)
        // A matrix may have no combination.
        guard !found.isEmpty || file.targets[name] != nil else {
            throw Problem(
                kind: .notFound, what: "cannot bake \(name)",
                why: "\(file.name) has no target and no group of that name",
                fix: "it has: "
                    + (Array(file.targets.keys) + file.groups.keys).sorted().joined(separator: ", ")
            )
        }
        var targets: [BakeTarget] = []
        for combination in found {
            var target = BakeTarget(
                name: combination.name, attributes: try attributes(of: combination))
            try BakeOverride.apply(overrides, to: &target)
            targets.append(target)
        }
        expansions[name] = targets
        return targets
    }

    // MARK: Matrices

    /// A target of the file with values of its matrix, or without one.
    private struct Combination {
        /// Its name in the file.
        var block: String
        /// Its own name.
        var name: String
        var locals: [String: JSONValue] = [:]
    }

    /// What a name stands for: a target of the file, or one combination; empty for neither.
    private mutating func combinations(named name: String) throws(Problem) -> [Combination] {
        if file.targets[name] != nil { return try combinations(of: name) }
        for (other, bodies) in file.targets.sorted(by: { $0.key < $1.key })
        where bodies.contains(where: { $0.attributes["matrix"] != nil }) {
            let all = try combinations(of: other)
            if let found = all.first(where: { $0.name == name }) { return [found] }
        }
        return []
    }

    /// The combinations of a target of the file, whose names are computed once.
    private mutating func combinations(of block: String) throws(Problem) -> [Combination] {
        if let known = combinations[block] { return known }
        let name = file.targets[block]?.compactMap { $0.attributes["name"] }.last
        let all = try locals(of: block)
        guard let name else {
            guard all == [[:]] else { throw mistake("\(block) has a matrix and no name") }
            let alone = [Combination(block: block, name: block)]
            combinations[block] = alone
            return alone
        }
        guard all != [[:]] else { throw mistake("\(block) has a name and no matrix") }
        var found: [Combination] = []
        for locals in all {
            let value = try variables.evaluation(locals).value(of: name)
            guard let text = HCLValue.text(value) else {
                throw mistake("the name of \(block) is \(HCLValue.kind(value)) and no text")
            }
            guard !found.contains(where: { $0.name == text }) else {
                throw mistake("the matrix of \(block) makes \(text) more than once")
            }
            found.append(Combination(block: block, name: text, locals: locals))
        }
        combinations[block] = found
        return found
    }

    /// The values of each combination of a matrix; one without values where there is none.
    private func locals(of block: String) throws(Problem) -> [[String: JSONValue]] {
        let expression = file.targets[block]?.compactMap { $0.attributes["matrix"] }.last
        guard let expression else { return [[:]] }
        guard let matrix = try variables.evaluation().value(of: expression).object else {
            throw mistake("the matrix of \(block) is no object")
        }
        var all: [[String: JSONValue]] = [[:]]
        for axis in matrix.members {
            guard let values = axis.value.array else {
                throw mistake("\(axis.name) of a matrix is no list")
            }
            guard all.count * values.count <= 1000 else {
                throw mistake("a matrix makes too many targets")
            }
            all = all.flatMap { locals in
                values.map { value in locals.merging([axis.name: value]) { $1 } }
            }
        }
        return all
    }

    // MARK: Inheritance

    /// A target's attributes on top of those that it inherits.
    private mutating func attributes(of target: Combination) throws(Problem) -> JSONObject {
        var own = JSONObject()
        let evaluation = variables.evaluation(target.locals)
        for body in file.targets[target.block] ?? [] {
            guard body.blocks.isEmpty else {
                throw mistake("\(target.block) has a block in it")
            }
            var part = JSONObject()
            for (attribute, expression) in body.attributes.sorted(by: { $0.key < $1.key })
            where attribute != "matrix" && attribute != "name" {
                part[attribute] = try evaluation.value(of: expression)
            }
            own = BakeTarget.merged(own, with: part)
        }
        guard let inherited = BakeTarget.texts(own["inherits"] ?? .array([])) else {
            throw mistake("\(target.name) inherits no list of names")
        }
        own["inherits"] = nil
        var base = JSONObject()
        for name in inherited {
            let parent = try parent(name, of: target)
            guard open.insert("inherits \(parent.name)").inserted else {
                throw mistake("\(parent.name) inherits itself")
            }
            defer { open.remove("inherits \(parent.name)") }
            base = BakeTarget.merged(base, with: try attributes(of: parent))
        }
        return BakeTarget.merged(base, with: own)
    }

    private mutating func parent(
        _ name: String, of target: Combination
    ) throws(Problem) -> Combination {
        let found = try combinations(named: name)
        guard let only = found.first else {
            throw mistake("\(target.name) inherits \(name), which there is not")
        }
        guard found.count == 1 else {
            throw mistake(
                "\(target.name) inherits \(name), which is several targets: "
                    + found.map(\.name).joined(separator: ", "))
        }
        return only
    }
}
