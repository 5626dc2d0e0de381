package import Diagnostics
package import Engine
import OCI

/// Looks a Dockerfile through for what Docker's build checks warn of.
///
/// It is pure but for what the caller knows of base images.
package struct BuildChecks {
    let request: BuildRequest
    /// Whether stages count that the target does not need.
    let coversAllStages: Bool
    /// What an image says of itself, where that is known.
    let base: (_ name: String, _ platform: Platform?) -> ImageConfiguration?
    private var outcome = CheckOutcome()

    /// What was found.
    package struct CheckOutcome: Sendable {
        /// In the order of their lines.
        package fileprivate(set) var warnings: [CheckWarning] = []
        /// Why it cannot be built at all.
        package fileprivate(set) var problem: Problem?
    }

    /// Looks through the Dockerfile of a request.
    ///
    /// - Parameters:
    ///   - request: the Dockerfile, its arguments and its target.
    ///   - coversAllStages: whether stages count that the target does not need.
    ///   - engine: whose store may have the base images.
    /// - Returns: what was found; a mistake in the Dockerfile is a part of that.
    package static func run(
        _ request: BuildRequest, coversAllStages: Bool, with engine: Engine
    ) -> CheckOutcome {
        run(request, coversAllStages: coversAllStages) { name, platform in
            var name = name
            switch request.context(named: name) {
            case .image(let other)?: name = other
            case .directory?, .layout?: return nil
            case nil: break
            }
            // One that is not here, or is damaged, the build tells of.
            return try? engine.steps.image(named: name, platform: platform).configuration
        }
    }

    static func run(
        _ request: BuildRequest, coversAllStages: Bool,
        base: @escaping (String, Platform?) -> ImageConfiguration?
    ) -> CheckOutcome {
        var checks = BuildChecks(
            request: request, coversAllStages: coversAllStages, base: base)
        do throws(Problem) {
            try checks.look()
        } catch {
            checks.outcome.problem = error
        }
        checks.outcome.warnings.sort {
            ($0.firstLine, $0.rule.name, $0.detail) < ($1.firstLine, $1.rule.name, $1.detail)
        }
        return checks.outcome
    }

    private init(
        request: BuildRequest, coversAllStages: Bool,
        base: @escaping (String, Platform?) -> ImageConfiguration?
    ) {
        self.request = request
        self.coversAllStages = coversAllStages
        self.base = base
    }

    private mutating func look() throws(Problem) {
        let lines = try LogicalLines(request.dockerfile, file: request.dockerfileName)
        try request.checkFrontend(lines.directives)
        let options = try request.checkOptions(lines.directives)
        var stages: [StageText] = []
        for line in lines.lines {
            let text: InstructionText
            do throws(ShellMistake) {
                text = try InstructionText(line)
            } catch {
                throw line.source.problem(error.why)
            }
            look(at: text, options)
            if text.name == "FROM" {
                stages.append(StageText(from: text))
            } else if !stages.isEmpty {
                stages[stages.count - 1].instructions.append(text)
            }
        }
        try lookAtStages(stages, lines, options)
    }

    private mutating func lookAtStages(
        _ stages: [StageText], _ lines: LogicalLines, _ options: CheckOptions
    ) throws(Problem) {
        var dockerfile = try Dockerfile(parsing: request.dockerfile, file: request.dockerfileName)
        dockerfile.giveWay(to: Set(request.contexts.keys))
        lookAtNames(stages, dockerfile, options)
        lookAtCasing(stages, options)
        var arguments = BuildArguments(
            given: request.arguments, target: request.platform ?? .host, build: .host)
        try arguments.declareGlobals(of: dockerfile)
        lookAtDefaults(of: stages, in: dockerfile, options)
        for (text, stage) in zip(stages, dockerfile.stages) {
            let own = options.merged(withComments: text.from.line.comments)
            let names = FromVariables(stage, in: dockerfile, arguments)
            for finding in names.findings { add(finding, text.from.line.source, own) }
        }
        let graph = try StageGraph(dockerfile, arguments: arguments, target: request.target)
        let wanted = coversAllStages ? Array(graph.nodes.indices) : graph.needed
        var states: [Int: CheckedStage] = [:]
        for index in graph.nodes.indices {
            var stage = try begin(graph.nodes[index], dockerfile, arguments, after: states)
            for (text, placed) in zip(
                stages[index].instructions, dockerfile.stages[index].instructions)
            {
                let findings = stage.look(at: placed, text, ignored: request.ignored)
                guard wanted.contains(index) else { continue }
                let own = options.merged(withComments: text.line.comments)
                for finding in findings { add(finding, finding.source ?? text.line.source, own) }
            }
            if wanted.contains(index) {
                for finding in stage.baseFindings {
                    add(finding, stages[index].from.line.source, options)
                }
                if let problem = stage.problem { throw problem }
            }
            states[index] = stage
        }
    }

    private func begin(
        _ node: StageGraph.Node, _ dockerfile: Dockerfile, _ arguments: BuildArguments,
        after states: [Int: CheckedStage]
    ) throws(Problem) -> CheckedStage {
        switch node.base {
        case .stage(let earlier):
            guard let base = states[earlier] else { preconditionFailure("stages come in order") }
            return CheckedStage(on: base)
        case .scratch:
            return CheckedStage(
                StageState(
                    base: StageProgress.withPath(.init()), author: nil, arguments: arguments,
                    directives: dockerfile.directives), knowsVariables: true)
        case .image(let name, let platform):
            let configuration = base(name, platform ?? request.platform)
            var stage = CheckedStage(
                StageState(
                    base: StageProgress.withPath(configuration?.config ?? .init()), author: nil,
                    arguments: arguments, directives: dockerfile.directives),
                knowsVariables: configuration != nil)
            if let configuration {
                stage.compare(
                    configuration, of: name, with: platform ?? request.platform ?? .host)
            }
            return stage
        }
    }

    private mutating func add(
        _ finding: CheckFinding, _ source: SourceText, _ options: CheckOptions
    ) {
        guard options.includes(finding.rule) else { return }
        outcome.warnings.append(
            CheckWarning(
                rule: finding.rule, detail: finding.detail, firstLine: source.line,
                lastLine: source.lastLine))
    }
}

/// What a rule found, before anybody asks whether the rule looks.
struct CheckFinding: Equatable {
    var rule: CheckRule
    var detail: String
    /// Where, when it is elsewhere than the instruction that showed it.
    var source: SourceText?

    init(_ rule: CheckRule, _ detail: String, at source: SourceText? = nil) {
        self.rule = rule
        self.detail = detail
        self.source = source
    }
}

/// The instructions of a stage as they are written.
private struct StageText {
    var from: InstructionText
    var instructions: [InstructionText] = []

    init(from: InstructionText) { self.from = from }
}

/// What words alone show.
extension BuildChecks {
    private mutating func look(at text: InstructionText, _ options: CheckOptions) {
        let source = text.line.source
        if text.line.hasEmptyContinuation {
            var end = source
            (end.line, end.lastLine) = (text.line.continuationEnd, text.line.continuationEnd)
            add(CheckFinding(.noEmptyContinuation, "Empty continuation line"), end, options)
        }
        switch text.name {
        case "MAINTAINER":
            add(
                CheckFinding(
                    .maintainerDeprecated,
                    "Maintainer instruction is deprecated in favor of using label"), source, options
            )
        case "FROM": lookAtFrom(text, options)
        case "ARG":
            let names = text.arguments.split(whereSeparator: \.isWhitespace).map { word in
                String(word.prefix { $0 != "=" })
            }
            lookAtDescription(of: names, in: text, options)
        default: break
        }
    }

    private mutating func lookAtFrom(_ text: InstructionText, _ options: CheckOptions) {
        guard let rest = try? text.flags().rest else { return }  // the reader says why
        let words = rest.split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count == 3 else { return }
        let (keyword, name) = (words[1], words[2])
        if name != name.lowercased() {
            add(
                CheckFinding(.stageNameCasing, "Stage name '\(name)' should be lowercase"),
                text.line.source, options)
        }
        let isOther =
            text.word == text.word.lowercased()
            ? keyword != keyword.lowercased()
            : text.word == text.word.uppercased() && keyword != keyword.uppercased()
        if isOther {
            add(
                CheckFinding(
                    .fromAsCasing,
                    "'\(keyword)' and '\(text.word)' keywords' casing do not match"),
                text.line.source, options)
        }
        lookAtDescription(of: [name.lowercased()], in: text, options)
    }

    private mutating func lookAtDescription(
        of names: [String], in text: InstructionText, _ options: CheckOptions
    ) {
        guard let comment = text.line.comments.last, let first = names.first else { return }
        let word = comment.split(separator: " ").first.map(String.init) ?? ""
        guard !names.contains(word) else { return }
        let shown = names.count > 1 ? "<arg_key>" : first
        add(
            CheckFinding(
                .invalidDefinitionDescription,
                "Comment for \(text.name) should follow the format: `# \(shown) <description>`"),
            text.line.source, options)
    }

    private mutating func lookAtNames(
        _ stages: [StageText], _ dockerfile: Dockerfile, _ options: CheckOptions
    ) {
        var known: Set<String> = []
        for (text, stage) in zip(stages, dockerfile.stages) {
            guard let name = stage.name else { continue }
            if ["context", "scratch"].contains(name) {
                add(
                    CheckFinding(
                        .reservedStageName,
                        "Stage name should not use the same name as reserved stage \"\(name)\""),
                    text.from.line.source, options)
            }
            if !known.insert(name).inserted {
                add(
                    CheckFinding(
                        .duplicateStageName,
                        "Duplicate stage name \"\(name)\", stage names should be unique"),
                    text.from.line.source, options)
            }
        }
    }

    private mutating func lookAtCasing(_ stages: [StageText], _ options: CheckOptions) {
        let texts = stages.flatMap { [$0.from] + $0.instructions }
        let lower = texts.count { $0.word == $0.word.lowercased() }
        let upper = texts.count { $0.word == $0.word.uppercased() }
        for text in texts {
            let (wanted, casing) =
                lower > upper
                ? (text.word.lowercased(), "lowercase") : (text.word.uppercased(), "uppercase")
            guard text.word != wanted else { continue }
            add(
                CheckFinding(
                    .consistentInstructionCasing,
                    "Command '\(text.word)' should match the case of the command majority (\(casing))"
                ), text.line.source, options)
        }
    }

    /// Names of images that only `--build-arg` makes valid.
    private mutating func lookAtDefaults(
        of stages: [StageText], in dockerfile: Dockerfile, _ options: CheckOptions
    ) {
        var arguments = BuildArguments(
            given: [:], target: request.platform ?? .host, build: .host)
        // What cannot be read is told when the build's own arguments are read.
        guard (try? arguments.declareGlobals(of: dockerfile)) != nil else { return }
        for (text, stage) in zip(stages, dockerfile.stages) {
            guard let name = try? arguments.expanded(stage.base, of: stage, in: dockerfile),
                (try? ImageReference(parsing: name)) == nil
            else { continue }
            add(
                CheckFinding(
                    .invalidDefaultArgInFrom,
                    "Default value for ARG \(stage.base) results in empty or invalid base image name"
                ), text.from.line.source, options)
        }
    }
}
