import Diagnostics
import Engine

/// Finds the command that a command line names and runs it.
struct CommandLineDispatch {
    let environment: [String: String]

    /// What a command's end means to a shell.
    struct Ending {
        let code: ExitCode
        let problem: Problem?
        let level: LogLevel
    }

    /// Runs the command line (without the program's own name).
    func run(_ arguments: [String]) -> Ending {
        var globals = GlobalFlags()
        do {
            let words = try Self.readGlobals(arguments, &globals)
            let session = Session(globals: globals, environment: environment)
            return try run(words, in: session)
        } catch {
            return Ending(code: .failure, problem: error, level: globals.level)
        }
    }

    /// Takes the global flags off; the rest begins with the command's word.
    @discardableResult
    static func readGlobals(
        _ arguments: [String], _ globals: inout GlobalFlags
    ) throws(Problem) -> [String] {
        var rest: [String] = []
        let reader = CommandLineReader(
            command: "kade",
            grammar: Grammar<GlobalFlags>(
                name: "kade", synopsis: "[OPTIONS] COMMAND", summary: "",
                flags: GlobalFlags.flags, operands: .atLeast(0), endsFlagsAtFirstOperand: true,
                assign: { _, operands in rest = operands }))
        guard case .run = try reader.read(arguments, into: &globals) else { return ["help"] }
        return globals.printsVersion ? ["--version"] : rest
    }

    private func run(_ words: [String], in session: Session) throws(Problem) -> Ending {
        guard let first = words.first, first != "help" || words.count > 1 else {
            try session.output.write(HelpText.overview())
            return Ending(code: .success, problem: nil, level: session.globals.level)
        }
        if first == "--version" {
            try session.output.writeLine("Kade version \(Version.current)")
            return Ending(code: .success, problem: nil, level: session.globals.level)
        }
        if first == "help" { return try run(Array(words.dropFirst()) + ["--help"], in: session) }
        if first == "explain", let planned = try Self.planned(Array(words.dropFirst())) {
            return try run(planned, in: session)
        }
        let rest = Array(words.dropFirst())
        if let entry = CommandTree.top.first(where: { $0.name == first }) {
            return run(entry.command, as: "kade \(first)", rest, in: session)
        }
        guard let group = CommandTree.groups.first(where: { $0.name == first }) else {
            throw RefusedCommand.problem(of: words)
                ?? unknown(
                    first, in: "kade",
                    among: CommandTree.top.map(\.name) + CommandTree.groups.map(\.name))
        }
        return try run(group, rest, in: session)
    }

    /// What follows `explain` as a command with `--plan`, where it is a command's words.
    ///
    /// One word alone is a container's name, also where a command has it; so is what follows flags.
    ///
    /// - Throws: for a command without `--plan`, or one that is refused.
    static func planned(_ words: [String]) throws(Problem) -> [String]? {
        guard words.count > 1 else { return nil }
        var count = 1
        var entry = CommandTree.top.first { $0.name == words[0] }
        if let group = CommandTree.groups.first(where: { $0.name == words[0] }) {
            count = 2
            entry = group.entries.first { $0.name == words[1] }
        }
        guard let entry else {
            if let refusal = RefusedCommand.problem(of: words) { throw refusal }
            return nil
        }
        let name = (["kade"] + words.prefix(count)).joined(separator: " ")
        guard entry.command.canPlan else {
            throw Problem(
                kind: .unsupported, what: "cannot explain what \(name) would do",
                why: "it has no --plan, as commands have that change something",
                fix: "name a container alone, or another command")
        }
        return Array(words.prefix(count)) + ["--plan"] + Array(words.dropFirst(count))
    }

    private func run(
        _ group: CommandTree.Group, _ words: [String], in session: Session
    ) throws(Problem) -> Ending {
        guard let word = words.first, word != "--help", word != "-h" else {
            try session.output.write(HelpText.group(group))
            return Ending(code: .success, problem: nil, level: session.globals.level)
        }
        guard let entry = group.entries.first(where: { $0.name == word }) else {
            throw RefusedCommand.problem(of: [group.name] + words)
                ?? unknown(word, in: "kade \(group.name)", among: group.entries.map(\.name))
        }
        return run(
            entry.command, as: "kade \(group.name) \(word)", Array(words.dropFirst()), in: session)
    }

    private func unknown(
        _ word: String, in command: String, among known: [String]
    ) -> Problem {
        let meant = Suggestion.nearest(to: word, among: known)
        return Problem(
            kind: .invalid, what: "unknown command", why: "\(command) \(word)",
            fix: (meant.map { "did you mean '\(command) \($0)'? " } ?? "")
                + "see '\(command) --help'")
    }

    private func run<C: Command>(
        _ type: C.Type, as name: String, _ words: [String], in session: Session
    ) -> Ending {
        var line = PlannableLine<C>()
        let level = session.globals.level
        do {
            var reader = CommandLineReader(command: name, grammar: PlannableLine<C>.grammar)
            if let selection = C.selection {
                reader.select = { line, operands throws(Problem) in
                    // Looking for them must not tidy up where nothing may be done.
                    try line.selected.ids(
                        selection, besides: operands,
                        in: line.isPlanned ? session.planning() : session)
                }
            }
            switch try reader.read(words, into: &line) {
            case .run: break
            case .help:
                try session.output.write(HelpText.command(C.description, as: name))
                return Ending(code: .success, problem: nil, level: level)
            case .wrongOperands(let problem):
                return Ending(code: .failure, problem: problem, level: level)
            }
        } catch {
            return Ending(code: .engineFailure, problem: error, level: level)
        }
        do {
            guard line.isPlanned else {
                return Ending(code: try line.command.run(in: session), problem: nil, level: level)
            }
            let planning = session.planning()
            let code = try line.command.run(in: planning)
            let steps = planning.plan?.steps ?? []
            // What was wrong has been said already.
            if code == .success || !steps.isEmpty {
                try session.output.write(StepTable.plan(of: steps))
            }
            return Ending(code: code, problem: nil, level: level)
        } catch {
            return Ending(code: C.code(for: error), problem: error, level: level)
        }
    }
}

extension Command {
    /// The code for a problem; commands that start a program have Docker's 125, 126 and 127.
    static func code(for problem: Problem) -> ExitCode {
        guard startsProgram else { return .failure }
        return switch problem.kind {
        case .commandNotFound: ExitCode(rawValue: 127)
        case .commandNotExecutable: ExitCode(rawValue: 126)
        default: .engineFailure
        }
    }
}
