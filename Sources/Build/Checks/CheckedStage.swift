import Diagnostics
import OCI

/// A stage while its instructions are looked at, with the variables that they would see.
struct CheckedStage {
    /// What the base image shows.
    private(set) var baseFindings: [CheckFinding] = []
    /// The first instruction that cannot be built.
    private(set) var problem: Problem?
    private var state: StageState
    /// Whether the base image's variables are known.
    private let knowsVariables: Bool
    /// ARG without a value declares a variable, too.
    private var declared: Set<String> = []
    private var hasWorkingDirectory = false
    /// CMD, ENTRYPOINT and HEALTHCHECK, of which the last one counts.
    private var once: [String: SourceText] = [:]

    init(_ state: StageState, knowsVariables: Bool) {
        self.state = state
        self.knowsVariables = knowsVariables
    }

    /// Goes on where another stage ends.
    init(on base: CheckedStage) {
        state = StageState(on: base.state)
        knowsVariables = base.knowsVariables
        declared = base.declared
        hasWorkingDirectory = base.hasWorkingDirectory
    }

    /// Compares the base image's platform with the one that is wanted.
    mutating func compare(
        _ configuration: ImageConfiguration, of name: String, with wanted: Platform
    ) {
        guard configuration.os != wanted.os || configuration.architecture != wanted.architecture
        else { return }
        let found = Platform(
            os: configuration.os, architecture: configuration.architecture,
            variant: configuration.variant)
        baseFindings.append(
            CheckFinding(
                .invalidBaseImagePlatform,
                "Base image \(name) was pulled with platform \"\(found)\", expected \"\(wanted)\" "
                    + "for current build"))
    }

    /// Looks at an instruction, and takes in what it does.
    mutating func look(
        at placed: PlacedInstruction, _ text: InstructionText, ignored: IgnoreRules
    ) -> [CheckFinding] {
        var findings = undefinedVariables(of: placed.instruction)
        switch placed.instruction {
        case .environment(let values):
            findings += legacyFormat(text)
            for value in values { findings += secret("ENV", value.name) }
        case .label: findings += legacyFormat(text)
        case .argument(let declarations):
            for declaration in declarations {
                declared.insert(declaration.name)
                findings += secret("ARG", declaration.name)
            }
        case .workingDirectory(let path):
            findings += relative(path)
            hasWorkingDirectory = true
        case .command(let form), .entrypoint(let form):
            findings += repeated(placed, text) + shellForm(form, text)
        case .healthcheck: findings += repeated(placed, text)
        case .expose(let ports): findings += exposed(ports)
        case .copy(let copy): findings += ignoredSources(of: copy, ignored)
        default: break
        }
        do throws(Problem) {
            _ = try state.apply(placed)
        } catch {
            if problem == nil { problem = error }
        }
        return findings
    }

    private func undefinedVariables(of instruction: Instruction) -> [CheckFinding] {
        guard knowsVariables else { return [] }
        var names: [String] = []
        let lexer = ShellLexer(escape: state.escape) { [state] name in
            let value = state.value(of: name)
            if value == nil, !names.contains(name) { names.append(name) }
            return value
        }
        // What cannot be expanded is told when the instruction is applied.
        for text in instruction.expandedTexts { _ = try? lexer.word(text) }
        for text in instruction.expandedDocuments {
            _ = try? DocumentExpansion(lexer: lexer, text: text).expanded()
        }
        return names.filter { !declared.contains($0) }.map { name in
            let meant = Suggestion.nearest(to: name, among: state.variableNames.sorted())
            return CheckFinding(
                .undefinedVar,
                "Usage of undefined variable '$\(name)'"
                    + (meant.map { " (did you mean $\($0)?)" } ?? ""))
        }
    }

    private func legacyFormat(_ text: InstructionText) -> [CheckFinding] {
        guard text.hasLegacyValues else { return [] }
        let word = text.word
        return [
            CheckFinding(
                .legacyKeyValueFormat,
                "\"\(word) key=value\" should be used instead of legacy \"\(word) key value\" format"
            )
        ]
    }

    private func secret(_ instruction: String, _ name: String) -> [CheckFinding] {
        guard SecretWords.areIn(name) else { return [] }
        return [
            CheckFinding(
                .secretsUsedInArgOrEnv,
                "Do not use ARG or ENV instructions for sensitive data (\(instruction) \"\(name)\")"
            )
        ]
    }

    private func relative(_ path: String) -> [CheckFinding] {
        let path = (try? state.expand(path)) ?? path
        guard !hasWorkingDirectory, !path.hasPrefix("/") else { return [] }
        return [
            CheckFinding(
                .workdirRelativePath,
                "Relative workdir \"\(path)\" can have unexpected results if the base image changes"
            )
        ]
    }

    /// The earlier of two is the one that has no effect.
    private mutating func repeated(
        _ placed: PlacedInstruction, _ text: InstructionText
    ) -> [CheckFinding] {
        let earlier = once.updateValue(placed.source, forKey: text.name)
        guard let earlier else { return [] }
        return [
            CheckFinding(
                .multipleInstructionsDisallowed,
                "Multiple \(text.word) instructions should not be used in the same stage because "
                    + "only the last one will be used", at: earlier)
        ]
    }

    private func shellForm(_ form: CommandLineForm, _ text: InstructionText) -> [CheckFinding] {
        guard case .shell = form, state.defaults.shell.isEmpty else { return [] }
        return [
            CheckFinding(
                .jsonArgsRecommended,
                "JSON arguments recommended for \(text.word) to prevent unintended behavior related "
                    + "to OS signals")
        ]
    }

    private func exposed(_ ports: [String]) -> [CheckFinding] {
        ports.flatMap { text -> [CheckFinding] in
            let port = (try? state.expand(text)) ?? text
            let parts = port.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            var findings: [CheckFinding] = []
            if parts.count > 1, parts[1] != parts[1].lowercased() {
                findings.append(
                    CheckFinding(
                        .exposeProtoCasing,
                        "Defined protocol '\(port)' in EXPOSE instruction should be lowercase"))
            }
            if parts[0].contains(":") {
                findings.append(
                    CheckFinding(
                        .exposeInvalidFormat,
                        "EXPOSE instruction should not define an IP address or host-port mapping, "
                            + "found '\(port)'"))
            }
            return findings
        }
    }

    /// Sources that an ignore file takes away; where it takes some in again nobody can tell.
    private func ignoredSources(
        of copy: CopyInstruction, _ ignored: IgnoreRules
    ) -> [CheckFinding] {
        guard copy.from == nil, !ignored.isEmpty, !ignored.mayTakeIn else { return [] }
        var findings: [CheckFinding] = []
        for case .path(let written) in copy.sources where RemoteSource(written) == nil {
            let path = AbsolutePath.parts((try? state.expand(written)) ?? written)
                .joined(separator: "/")
            let isIgnored = path.isEmpty ? ignored.excludesEverything : ignored.excludes(path)
            guard isIgnored else { continue }
            findings.append(
                CheckFinding(
                    .copyIgnoredFile,
                    "Attempting to \(copy.isAdd ? "Add" : "Copy") file "
                        + "\"\(path.isEmpty ? "." : path)\" that is excluded by .dockerignore"))
        }
        return findings
    }
}

extension Instruction {
    /// What of it has variables that the builder expands.
    fileprivate var expandedTexts: [String] {
        switch self {
        case .environment(let values), .label(let values): values.flatMap { [$0.name, $0.value] }
        case .copy(let copy):
            copy.sources.compactMap { source in
                if case .path(let path) = source { path } else { nil }
            } + [copy.destination] + copy.excluded
                + [copy.owner, copy.mode, copy.checksum].compactMap(\.self)
        case .run(let run): run.mounts + [run.network].compactMap(\.self)
        case .expose(let texts), .volume(let texts): texts
        case .stopSignal(let text), .user(let text), .workingDirectory(let text): [text]
        case .argument, .command, .entrypoint, .healthcheck, .maintainer, .onBuild, .shell: []
        }
    }

    /// Its here-documents that have variables.
    fileprivate var expandedDocuments: [String] {
        guard case .copy(let copy) = self else { return [] }
        return copy.sources.compactMap { source in
            guard case .inline(let heredoc) = source, heredoc.isExpanded else { return nil }
            return heredoc.fileContent
        }
    }
}
