package import Diagnostics
import Linux
package import OCI

/// What a stage has come to after some of its instructions: its configuration and its variables.
///
/// Applying an instruction is pure: it says what has to be done to the stage's files.
package struct StageState: Sendable, Equatable {
    /// What an image of the stage would say of itself.
    package private(set) var defaults: ImageConfiguration.Defaults
    /// MAINTAINER, or the base image's author.
    package private(set) var author: String?
    /// The ARG instructions so far that have a value, in their order.
    package private(set) var arguments: [NamedValue] = []
    private let given: BuildArguments
    let escape: UInt8
    /// Whether CMD was set in this stage: an ENTRYPOINT takes the base image's away.
    private var hasOwnCommand = false

    /// Begins on what a base image says.
    package init(
        base: ImageConfiguration.Defaults, author: String?, arguments given: BuildArguments,
        directives: ParserDirectives
    ) {
        defaults = base
        defaults.onBuild = []
        self.author = author
        self.given = given
        escape = directives.escape
    }

    /// Goes on where a stage ended, as its child: with its arguments, too.
    init(on base: StageState) {
        self = base
        defaults.onBuild = []
        hasOwnCommand = false
    }

    /// The shell of the shell form.
    var shell: [String] { defaults.shell.isEmpty ? ["/bin/sh", "-c"] : defaults.shell }

    var workingDirectory: String { defaults.workingDir.flatMap { $0.isEmpty ? nil : $0 } ?? "/" }

    /// Applies an instruction.
    ///
    /// - Returns: what it does to the stage's files.
    /// - Throws: `.invalid` with the instruction's place and text.
    package mutating func apply(_ placed: PlacedInstruction) throws(Problem) -> StageStep {
        do throws(ShellMistake) {
            return try apply(placed.instruction)
        } catch {
            throw placed.source.problem(error.why)
        }
    }

    mutating func apply(_ instruction: Instruction) throws(ShellMistake) -> StageStep {
        switch instruction {
        case .run(let run): return .run(try step(run))
        case .copy(let copy): return .copy(try step(copy))
        case .workingDirectory(let path):
            let expanded = try expand(path)
            guard !expanded.isEmpty else { throw ShellMistake("WORKDIR is empty") }
            let directory = AbsolutePath.joined(workingDirectory, expanded)
            defaults.workingDir = directory
            return .workingDirectory(directory)
        case .argument(let declarations): try declare(declarations)
        case .command(let form):
            defaults.cmd = words(form)
            hasOwnCommand = true
        case .entrypoint(let form):
            defaults.entrypoint = words(form)
            if !hasOwnCommand { defaults.cmd = [] }
        case .environment(let values):
            for value in try expand(values) { set(value) }
        case .label(let values):
            for value in try expand(values) { defaults.labels[value.name] = value.value }
        case .expose(let ports): try expose(ports)
        case .healthcheck(let check): defaults.healthcheck = healthcheck(check)
        case .maintainer(let name): author = name
        case .onBuild(let text): defaults.onBuild.append(text)
        case .shell(let words): defaults.shell = words
        case .stopSignal(let text):
            let signal = try expand(text)
            guard Signal(named: signal) != nil else {
                throw ShellMistake("invalid signal: \(signal)")
            }
            defaults.stopSignal = signal
        case .user(let text): defaults.user = try expand(text)
        case .volume(let paths):
            for path in paths {
                let expanded = try expand(path)
                guard !expanded.isEmpty else { throw ShellMistake("VOLUME specified is empty") }
                defaults.volumes.insert(expanded)
            }
        }
        return .metadata
    }

    /// Takes in what the build's caller wants the image to say.
    mutating func finish(for request: BuildRequest) {
        for label in request.labels { defaults.labels[label.name] = label.value }
        defaults.env.removeAll { entry in
            request.unsetEnvironment.contains(String(entry.prefix { $0 != "=" }))
        }
    }

    /// Sets variables as ENV does.
    mutating func set(_ values: [NamedValue]) {
        for value in values { set(value) }
    }

    /// The value of a variable: ENV before ARG.
    func value(of name: String) -> String? {
        for entry in defaults.env where entry.hasPrefix("\(name)=") {
            return String(entry.dropFirst(name.utf8.count + 1))
        }
        return arguments.last { $0.name == name }?.value
    }

    /// The names of all variables that have a value.
    var variableNames: [String] {
        defaults.env.map { String($0.prefix { $0 != "=" }) } + arguments.map(\.name)
    }

    private var lexer: ShellLexer { ShellLexer(escape: escape) { value(of: $0) } }

    func expand(_ text: String) throws(ShellMistake) -> String { try lexer.word(text) }

    /// All with the values from before, as the instruction is one.
    private func expand(_ values: [NamedValue]) throws(ShellMistake) -> [NamedValue] {
        var result: [NamedValue] = []
        for value in values {
            result.append(NamedValue(try expand(value.name), try expand(value.value)))
        }
        return result
    }

    private mutating func set(_ value: NamedValue) {
        let entry = "\(value.name)=\(value.value)"
        if let index = defaults.env.firstIndex(where: { $0.hasPrefix("\(value.name)=") }) {
            defaults.env[index] = entry
        } else {
            defaults.env.append(entry)
        }
    }

    private mutating func declare(
        _ declarations: [ArgumentDeclaration]
    ) throws(ShellMistake) {
        for declaration in declarations {
            let name = try expand(declaration.name)
            let usual = try declaration.value.map { text throws(ShellMistake) in try expand(text) }
            guard let value = given.given[name] ?? usual ?? given.inherited(name) else { continue }
            arguments.removeAll { $0.name == name }
            arguments.append(NamedValue(name, value))
        }
    }

    private func words(_ form: CommandLineForm) -> [String] {
        switch form {
        case .exec(let words): words
        case .shell(""): []
        case .shell(let text): shell + [text]
        }
    }

    private mutating func expose(_ ports: [String]) throws(ShellMistake) {
        for text in ports {
            for port in try lexer.words(Array(text.utf8)) {
                for name in try ExposedPort.names(port) { defaults.exposedPorts.insert(name) }
            }
        }
    }

    private func healthcheck(
        _ check: HealthcheckInstruction
    ) -> ImageConfiguration.Healthcheck {
        let test: [String]
        switch check.command {
        case nil: test = ["NONE"]
        case .exec(let words)?: test = ["CMD"] + words
        case .shell(let text)?: test = ["CMD-SHELL", text]
        }
        return ImageConfiguration.Healthcheck(
            test: test, interval: check.interval, timeout: check.timeout,
            startPeriod: check.startPeriod, startInterval: check.startInterval,
            retries: check.retries)
    }
}

extension StageState {
    private func step(_ run: RunInstruction) throws(ShellMistake) -> RunStep {
        let securityText = try run.security.map { text throws(ShellMistake) in try expand(text) }
        guard let security = RunSecurity(rawValue: securityText ?? "sandbox") else {
            throw ShellMistake(
                "security \"\(securityText ?? "")\" is not valid: sandbox or insecure")
        }
        let networkText = try run.network.map { text throws(ShellMistake) in try expand(text) }
        guard let network = RunNetwork(rawValue: networkText ?? "default") else {
            throw ShellMistake(
                "unsupported network mode \"\(networkText ?? "")\": default, none or host")
        }
        var mounts: [RunMount] = []
        for text in run.mounts {
            mounts.append(
                try RunMount(try expand(text), workingDirectory: workingDirectory))
        }
        let command = Self.command(run)
        // ENV comes before ARG, so an argument of the same name is not seen.
        let names = Set(defaults.env.map { $0.prefix { $0 != "=" } })
        let own = arguments.filter { !names.contains(Substring($0.name)) }
        return RunStep(
            arguments: command.words ?? shell + [command.text],
            environment: defaults.env + own.map { "\($0.name)=\($0.value)" },
            hiddenEnvironment: given.proxies, user: defaults.user ?? "",
            workingDirectory: workingDirectory, mounts: mounts, script: command.script,
            network: network, security: security)
    }

    private struct Command {
        /// The words of the exec form and of a script; nil leaves ``text`` to the shell.
        var words: [String]?
        var text = ""
        var script: RunStep.Script?
    }

    /// What is run: the words, a text for the shell, or a here-document that is a program itself.
    private static func command(_ run: RunInstruction) -> Command {
        let text: String
        switch run.command {
        case .exec(let words): return Command(words: words)
        case .shell(let written): text = written
        }
        guard let first = run.heredocs.first else { return Command(text: text) }
        guard Heredoc(word: text) != nil else {
            // More than the here-document alone: the shell reads it itself.
            let parts = run.heredocs.map { "\n\($0.content)\($0.name)" }
            return Command(text: text + parts.joined())
        }
        guard first.content.hasPrefix("#!") else { return Command(text: first.fileContent) }
        return Command(
            words: ["/dev/pipes/\(first.name)"],
            script: RunStep.Script(name: first.name, content: first.fileContent))
    }

    private func step(_ copy: CopyInstruction) throws(ShellMistake) -> CopyStep {
        var sources: [CopyStep.Source] = []
        for source in copy.sources {
            switch source {
            case .path(let path): sources.append(.path(try expand(path)))
            case .inline(let heredoc):
                let content = heredoc.fileContent
                sources.append(
                    .inline(
                        name: heredoc.name,
                        content: heredoc.isExpanded ? try expandDocument(content) : content))
            }
        }
        let written = try expand(copy.destination)
        guard !written.isEmpty else { throw ShellMistake("the destination is empty") }
        var destination = AbsolutePath.joined(workingDirectory, written)
        let isDirectory = written.hasSuffix("/") || written == "." || written.hasSuffix("/.")
        if isDirectory, destination != "/" { destination += "/" }
        if sources.count > 1, !destination.hasSuffix("/") {
            throw ShellMistake(
                "When using \(copy.isAdd ? "ADD" : "COPY") with more than one source file, the "
                    + "destination must be a directory and end with a /")
        }
        func expanded(_ text: String?) throws(ShellMistake) -> String? {
            try text.map { text throws(ShellMistake) in try expand(text) }
        }
        var excluded: [String] = []
        for pattern in copy.excluded { excluded.append(try expand(pattern)) }
        return CopyStep(
            isAdd: copy.isAdd, sources: sources, destination: destination,
            from: try expanded(copy.from), owner: try expanded(copy.owner),
            mode: try expanded(copy.mode), isLinked: copy.isLinked,
            keepsParents: copy.keepsParents, excluded: excluded,
            checksum: try expanded(copy.checksum), keepsGitDirectory: copy.keepsGitDirectory,
            unpacks: copy.unpacks)
    }

    /// A here-document with its variables; quotes in it are ordinary characters.
    private func expandDocument(_ text: String) throws(ShellMistake) -> String {
        try DocumentExpansion(lexer: lexer, text: text).expanded()
    }
}

/// Expands the variables of a here-document, where quotes mean nothing.
struct DocumentExpansion {
    let lexer: ShellLexer
    let text: String

    func expanded() throws(ShellMistake) -> String {
        var reading = ShellReading(lexer: lexer, text: Array(text.utf8))
        var result: [UInt8] = []
        while let byte = reading.next {
            if byte == Byte.dollar {
                result += try reading.readVariable()
            } else if byte == lexer.escape, reading.position + 1 < reading.text.count,
                [Byte.dollar, lexer.escape, UInt8(ascii: "`")].contains(
                    reading.text[reading.position + 1])
            {
                result.append(reading.text[reading.position + 1])
                reading.position += 2
            } else {
                result.append(byte)
                reading.position += 1
            }
        }
        return result.text
    }
}
