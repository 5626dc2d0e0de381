package import Diagnostics
package import OCI

/// What the target of a Dockerfile can be given, as Docker's builder tells it (`--call=outline`).
///
/// Descriptions are the comments right above that begin with the name.
package struct BuildOutline: Sendable {
    /// The target's name; nil for a stage without one.
    private let name: String?
    private let description: String
    private let arguments: [Argument]
    private let secrets: [Need]
    private let agents: [Need]
    private let source: [UInt8]

    /// A value of `--build-arg`.
    private struct Argument {
        var name: String
        var value: String
        var description: String
        var source: SourceText
    }

    /// A secret or an agent of SSH.
    private struct Need {
        var name: String
        var isRequired: Bool
        var source: SourceText
    }

    /// Reads a build's Dockerfile.
    ///
    /// - Throws: `.invalid` for a mistake in it.
    package init(_ request: BuildRequest) throws(Problem) {
        let dockerfile = try Dockerfile(
            parsing: request.dockerfile, file: request.dockerfileName)
        var values = BuildArguments(
            given: request.arguments, target: request.platform ?? .host, build: .host)
        try values.declareGlobals(of: dockerfile)
        let graph = try StageGraph(dockerfile, arguments: values, target: request.target)
        var found = Collection(dockerfile, values)
        var states: [Int: StageState] = [:]
        for index in graph.needed {
            let node = graph.nodes[index]
            var state = StageState(
                base: .init(), author: nil, arguments: values, directives: dockerfile.directives)
            if case .stage(let earlier) = node.base, let base = states[earlier] {
                state = StageState(on: base)
            }
            found.lookAtFrom(of: node.stage)
            for placed in node.stage.instructions { try found.look(at: placed, &state) }
            states[index] = state
        }
        let target = graph.nodes[graph.target].stage
        name = target.name
        description = Self.description(of: target.name ?? "", in: target.comments)
        arguments = found.arguments.sorted { $0.source.line < $1.source.line }
        secrets = found.secrets.sorted { $0.source.line < $1.source.line }
        agents = found.agents.sorted { $0.source.line < $1.source.line }
        source = request.dockerfile
    }

    /// What comments say of a name: the line that begins with it.
    static func description(of name: String, in comments: [String]) -> String {
        guard !name.isEmpty else { return "" }
        return comments.lazy.filter { $0.hasPrefix("\(name) ") }.first
            .map { String($0.dropFirst(name.count + 1)) } ?? ""
    }

    /// The form for people.
    package var text: String {
        var text = ""
        if name != nil || !description.isEmpty {
            var lines = [["TARGET:", name ?? "(default)"]]
            if !description.isEmpty { lines.append(["DESCRIPTION:", description]) }
            text += AlignedText.lines(lines, padding: 1) + "\n"
        }
        if !arguments.isEmpty {
            let lines = arguments.map { [$0.name, $0.value, $0.description] }
            text +=
                AlignedText.lines([["BUILD ARG", "VALUE", "DESCRIPTION"]] + lines, padding: 3)
                + "\n"
        }
        for (title, needs) in [("SECRET", secrets), ("SSH", agents)] where !needs.isEmpty {
            let lines = needs.map { [$0.name, $0.isRequired ? "true" : ""] }
            text += AlignedText.lines([[title, "REQUIRED"]] + lines, padding: 3) + "\n"
        }
        return text
    }

    /// The form for programs.
    package var json: JSONValue {
        var json: JSONObject = [:]
        if let name { json.append("name", .string(name)) }
        if !description.isEmpty { json.append("description", .string(description)) }
        if !arguments.isEmpty { json.append("args", .array(arguments.map(Self.json))) }
        if !secrets.isEmpty { json.append("secrets", .array(secrets.map(Self.json))) }
        if !agents.isEmpty { json.append("ssh", .array(agents.map(Self.json))) }
        json.append("sources", [.string(Base64.encode(source))])
        return .object(json)
    }

    private static func json(_ argument: Argument) -> JSONValue {
        var json: JSONObject = ["name": .string(argument.name)]
        if !argument.description.isEmpty {
            json.append("description", .string(argument.description))
        }
        if !argument.value.isEmpty { json.append("value", .string(argument.value)) }
        json.append("location", argument.source.location)
        return .object(json)
    }

    private static func json(_ need: Need) -> JSONValue {
        var json: JSONObject = ["name": .string(need.name)]
        if need.isRequired { json.append("required", true) }
        json.append("location", need.source.location)
        return .object(json)
    }

    /// What is found while the stages are looked through.
    private struct Collection {
        var arguments: [Argument] = []
        var secrets: [Need] = []
        var agents: [Need] = []
        private let dockerfile: Dockerfile
        private let values: BuildArguments

        init(_ dockerfile: Dockerfile, _ values: BuildArguments) {
            self.dockerfile = dockerfile
            self.values = values
        }

        /// Adds the arguments that FROM uses.
        mutating func lookAtFrom(of stage: Dockerfile.Stage) {
            for text in [stage.base, stage.platform].compactMap(\.self) { addGlobals(in: text) }
        }

        /// Applies an instruction, and adds what it can be given.
        mutating func look(
            at placed: PlacedInstruction, _ state: inout StageState
        ) throws(Problem) {
            let step = try state.apply(placed)
            if case .argument(let declarations) = placed.instruction {
                for declaration in declarations { add(declaration, placed, state) }
            }
            guard case .run(let run) = step else { return }
            for mount in run.mounts {
                switch mount.kind {
                case .secret(let secret):
                    Self.add(secret, placed.source, to: &secrets)
                case .ssh(let agent): Self.add(agent, placed.source, to: &agents)
                default: continue
                }
            }
        }

        private mutating func add(
            _ declaration: ArgumentDeclaration, _ placed: PlacedInstruction, _ state: StageState
        ) {
            // Without a value of its own it is the argument before FROM, or none that anybody gives.
            if declaration.value == nil, values.given[declaration.name] == nil,
                values.inherited(declaration.name) != nil
            {
                return addGlobal(declaration.name)
            }
            add(
                Argument(
                    name: declaration.name,
                    value: state.arguments.last { $0.name == declaration.name }?.value ?? "",
                    description: BuildOutline.description(
                        of: declaration.name, in: placed.comments), source: placed.source))
        }

        /// Adds an argument before FROM, and those that its default is made of.
        private mutating func addGlobal(_ name: String) {
            for placed in dockerfile.globalArguments {
                for declaration in placed.declarations where declaration.name == name {
                    guard !arguments.contains(where: { $0.name == name }) else { return }
                    add(
                        Argument(
                            name: name, value: values.inherited(name) ?? "",
                            description: BuildOutline.description(of: name, in: placed.comments),
                            source: placed.source))
                    if let text = declaration.value { addGlobals(in: text) }
                }
            }
        }

        private mutating func addGlobals(in text: String) {
            let (names, values) = (UsedNames(), values)
            let lexer = ShellLexer(escape: dockerfile.directives.escape) { name in
                names.all.append(name)
                return values.inherited(name)
            }
            // A mistake was an error when the graph was made.
            _ = try? lexer.word(text)
            for name in names.all { addGlobal(name) }
        }

        private mutating func add(_ argument: Argument) {
            guard !arguments.contains(where: { $0.name == argument.name }) else { return }
            arguments.append(argument)
        }

        private static func add(
            _ mount: RunMount.SecretMount, _ source: SourceText, to needs: inout [Need]
        ) {
            if let index = needs.firstIndex(where: { $0.name == mount.id }) {
                needs[index].isRequired = needs[index].isRequired || mount.isRequired
                return
            }
            needs.append(Need(name: mount.id, isRequired: mount.isRequired, source: source))
        }
    }

    /// The names that a lexer asked for.
    private final class UsedNames {
        var all: [String] = []
    }
}

extension SourceText {
    /// The place, as Docker's builder tells it to programs.
    var location: JSONValue {
        let start: JSONValue = ["line": .number(JSONNumber(line))]
        let end: JSONValue = ["line": .number(JSONNumber(lastLine))]
        return ["ranges": [["start": start, "end": end]]]
    }
}
