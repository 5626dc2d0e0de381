import Diagnostics
import OCI

/// An instruction's word and its arguments, still as text.
struct InstructionText {
    let line: LogicalLine
    /// The instruction's word as it is written.
    let word: String
    /// The word in capitals.
    let name: String
    /// All after the word.
    let arguments: String

    init(_ line: LogicalLine) throws(ShellMistake) {
        self.line = line
        let bytes = Array(line.text.utf8).trimmed
        let word = bytes.prefix { !Byte.isBlank($0) }
        self.word = word.text
        name = word.text.uppercased()
        arguments = bytes.dropFirst(word.count).trimmed.text
        guard Self.known.contains(name) else {
            let meant = Suggestion.nearest(to: name, among: Self.known.sorted())
            throw ShellMistake(
                "unknown instruction: \(word.text)"
                    + (meant.map { " (did you mean \($0)?)" } ?? ""))
        }
        guard !arguments.isEmpty || Self.mayBeEmpty.contains(name) else {
            throw ShellMistake("\(name) requires at least one argument")
        }
    }

    static let known: Set<String> = [
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL",
        "MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    ]

    /// An empty CMD or ENTRYPOINT takes the image's away.
    private static let mayBeEmpty: Set<String> = ["CMD", "ENTRYPOINT"]

    /// The text that an image's history shows.
    var historyText: String {
        arguments.isEmpty ? name : "\(name) \(arguments)"
    }

    func flags() throws(ShellMistake) -> InstructionFlags { try InstructionFlags(arguments) }

    /// Reads everything but FROM.
    func instruction() throws(ShellMistake) -> Instruction {
        switch name {
        case "ADD", "COPY": return .copy(try copy())
        case "RUN": return .run(try run())
        case "HEALTHCHECK": return .healthcheck(try healthcheck())
        default: break
        }
        // The other instructions have no flags.
        let flags = try flags()
        try flags.finish()
        switch name {
        case "ARG": return .argument(try declarations())
        case "CMD": return .command(Self.commandLine(flags.rest))
        case "ENTRYPOINT": return .entrypoint(Self.commandLine(flags.rest))
        case "ENV": return .environment(try namedValues())
        case "LABEL": return .label(try namedValues())
        case "EXPOSE": return .expose(words(flags.rest))
        case "VOLUME": return .volume(try volumes(flags.rest))
        case "MAINTAINER": return .maintainer(arguments)
        case "ONBUILD": return .onBuild(try trigger())
        case "SHELL":
            guard let words = Self.json(arguments), !words.isEmpty else {
                throw ShellMistake("SHELL requires the arguments to be in JSON form")
            }
            return .shell(words)
        case "STOPSIGNAL": return .stopSignal(arguments)
        case "USER": return .user(arguments)
        case "WORKDIR": return .workingDirectory(arguments)
        default: throw ShellMistake("unknown instruction: \(name)")
        }
    }

    /// The words of a JSON list of strings; nil when the text is none.
    static func json(_ text: String) -> [String]? {
        guard text.hasPrefix("[") else { return nil }
        return try? [String](json: Array(text.utf8), named: "the arguments")  // nil says it
    }

    static func commandLine(_ text: String) -> CommandLineForm {
        json(text).map { .exec($0) } ?? .shell(text)
    }

    /// A JSON list, or words between blanks.
    private func words(_ text: String) -> [String] {
        Self.json(text) ?? text.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    private func volumes(_ text: String) throws(ShellMistake) -> [String] {
        let words = words(text)
        guard !words.isEmpty, !words.contains("") else {
            throw ShellMistake("VOLUME specified can not be an empty string")
        }
        return words
    }

    private func trigger() throws(ShellMistake) -> String {
        let word = arguments.prefix { !$0.isWhitespace }.uppercased()
        switch word {
        case "ONBUILD":
            throw ShellMistake("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
        case "MAINTAINER", "FROM": throw ShellMistake("\(word) isn't allowed as an ONBUILD trigger")
        default: break
        }
        var text = arguments
        for heredoc in line.heredocs { text += "\n\(heredoc.content)\(heredoc.name)" }
        var inner = line
        inner.text = arguments
        // A mistake is told now, not by the next build.
        _ = try InstructionText(inner).instruction()
        return text
    }

    private func run() throws(ShellMistake) -> RunInstruction {
        var flags = try flags()
        var run = RunInstruction(.shell(""))
        run.mounts = try flags.values("mount")
        run.network = try flags.value("network")
        run.security = try flags.value("security")
        guard try flags.values("device").isEmpty else {
            throw ShellMistake("this version of Kade gives RUN no devices: leave --device out")
        }
        try flags.finish()
        guard !flags.rest.isEmpty else {
            throw ShellMistake("RUN requires at least one argument")
        }
        run.command = Self.commandLine(flags.rest)
        run.heredocs = line.heredocs
        return run
    }

    private func healthcheck() throws(ShellMistake) -> HealthcheckInstruction {
        var flags = try flags()
        var check = HealthcheckInstruction(command: nil)
        let hasFlags = arguments.hasPrefix("--")
        check.interval = try Self.duration(flags.value("interval"), "interval")
        check.timeout = try Self.duration(flags.value("timeout"), "timeout")
        check.startPeriod = try Self.duration(flags.value("start-period"), "start-period")
        check.startInterval = try Self.duration(flags.value("start-interval"), "start-interval")
        if let text = try flags.value("retries") {
            guard let retries = Int(text), retries >= 0 else {
                throw ShellMistake("--retries must be at least 0 (not '\(text)')")
            }
            check.retries = retries == 0 ? nil : retries
        }
        try flags.finish()
        let word = flags.rest.prefix { !$0.isWhitespace }
        let rest = flags.rest.dropFirst(word.count).drop(while: \.isWhitespace)
        switch word.uppercased() {
        case "NONE":
            guard rest.isEmpty, !hasFlags else {
                throw ShellMistake("HEALTHCHECK NONE takes no arguments")
            }
        case "CMD":
            guard !rest.isEmpty else { throw ShellMistake("missing command after HEALTHCHECK CMD") }
            check.command = Self.commandLine(String(rest))
        default: throw ShellMistake("unknown type \"\(word)\" in HEALTHCHECK (try CMD)")
        }
        return check
    }

    /// A time as Go writes it; at least a millisecond, or 0 for the default.
    private static func duration(_ text: String?, _ flag: String) throws(ShellMistake) -> Int64? {
        guard let text else { return nil }
        guard let duration = GoDuration.nanoseconds(text), duration >= 0 else {
            throw ShellMistake("invalid duration \"\(text)\" for --\(flag)")
        }
        guard duration == 0 || duration >= 1_000_000 else {
            throw ShellMistake("--\(flag) cannot be less than 1ms")
        }
        return duration == 0 ? nil : duration
    }
}

extension InstructionText {
    private func copy() throws(ShellMistake) -> CopyInstruction {
        var flags = try flags()
        var words = words(flags.rest)
        guard words.count >= 2, let destination = words.popLast() else {
            throw ShellMistake("\(name) requires at least two arguments, but only one was provided")
        }
        let sources = words.map { word -> CopyInstruction.Source in
            guard let announced = Heredoc(word: word),
                let heredoc = line.heredocs.first(where: { $0.name == announced.name })
            else { return .path(word) }
            return .inline(heredoc)
        }
        var copy = CopyInstruction(sources: sources, destination: destination)
        copy.isAdd = name == "ADD"
        copy.owner = try flags.value("chown")
        copy.mode = try flags.value("chmod")
        copy.isLinked = try flags.isOn("link") ?? false
        copy.excluded = try flags.values("exclude")
        if copy.isAdd {
            copy.checksum = try flags.value("checksum")
            copy.keepsGitDirectory = try flags.isOn("keep-git-dir") ?? false
            copy.unpacks = try flags.isOn("unpack")
        } else {
            copy.from = try flags.value("from")
            copy.keepsParents = try flags.isOn("parents") ?? false
        }
        try flags.finish()
        return copy
    }

    /// The words of ARG: `name` or `name=value`.
    private func declarations() throws(ShellMistake) -> [ArgumentDeclaration] {
        var result: [ArgumentDeclaration] = []
        for word in quotedWords() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard !parts[0].isEmpty else { throw ShellMistake("ARG names can not be blank") }
            result.append(
                ArgumentDeclaration(String(parts[0]), parts.count > 1 ? String(parts[1]) : nil))
        }
        return result
    }

    /// Whether ENV or LABEL has the old form `name value`, which a blank before any `=` tells.
    var hasLegacyValues: Bool { quotedWords().first?.contains("=") != true }

    /// `name=value …`, or the old form `name value`.
    private func namedValues() throws(ShellMistake) -> [NamedValue] {
        let words = quotedWords()
        guard !hasLegacyValues else {
            let name = arguments.prefix { !$0.isWhitespace }
            let value = arguments.dropFirst(name.count).drop(while: \.isWhitespace)
            guard !value.isEmpty else { throw ShellMistake("\(self.name) must have two arguments") }
            return [NamedValue(String(name), String(value))]
        }
        var result: [NamedValue] = []
        for word in words {
            guard let index = word.firstIndex(of: "=") else {
                throw ShellMistake(
                    "Syntax error - can't find = in \"\(word)\". Must be of the form: name=value")
            }
            let name = String(word[..<index])
            guard !name.isEmpty else { throw ShellMistake("\(self.name) names can not be blank") }
            result.append(NamedValue(name, String(word[word.index(after: index)...])))
        }
        return result
    }

    /// Words between blanks outside of quotes; the quotes stay, for the expansion.
    private func quotedWords() -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        var quote: UInt8?
        var bytes = Array(arguments.utf8)[...]
        while let byte = bytes.popFirst() {
            if byte == escape, quote != Byte.singleQuote {
                word.append(byte)
                if let next = bytes.popFirst() { word.append(next) }
            } else if quote == nil, Byte.isBlank(byte) {
                if !word.isEmpty { words.append(word.text) }
                word = []
            } else {
                if byte == quote {
                    quote = nil
                } else if quote == nil, byte == Byte.singleQuote || byte == Byte.doubleQuote {
                    quote = byte
                }
                word.append(byte)
            }
        }
        if !word.isEmpty { words.append(word.text) }
        return words
    }

    private var escape: UInt8 { line.escape }
}
