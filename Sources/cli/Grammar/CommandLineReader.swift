import Diagnostics

/// Reads a command line by Docker's grammar.
///
/// The grammar is that of pflag (github.com/spf13/pflag), which Docker's users have in their
/// fingers: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value`, switches together
/// (`-itd`), `--switch=false`, and `--` before operands that look like flags. A flag that wants
/// a value takes the next word whatever it looks like (`--memory-swap -1`).
struct CommandLineReader<Target> {
    /// The command as its user typed it, for messages: "kade container run".
    let command: String
    let grammar: Grammar<Target>
    /// Finds operands by flags that were read, for before those that were given; nil where there are
    /// no such flags.
    var select: (Target, [String]) throws(Problem) -> [String]? = { _, _ in nil }

    /// What a command line asks for.
    enum Reading {
        case help
        case run
        /// The flags are right, the number of operands is not.
        case wrongOperands(Problem)
    }

    /// Puts the flags and operands into `target`; throws what is wrong with them, in Docker's words.
    func read(_ words: [String], into target: inout Target) throws(Problem) -> Reading {
        var operands: [String] = []
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                operands += rest
                break
            }
            if !word.hasPrefix("-") || word == "-" {
                operands.append(word)
                if grammar.endsFlagsAtFirstOperand {
                    operands += rest
                    break
                }
                continue
            }
            let wantsHelp =
                word.hasPrefix("--")
                ? try readLong(word, &rest, &target) : try readShort(word, &rest, &target)
            if wantsHelp { return .help }
        }
        if let selected = try select(target, operands) {
            guard !selected.isEmpty else {
                grammar.assign(&target, [])  // there are none: nothing is to be done
                return .run
            }
            operands = selected + operands
        }
        if let complaint = grammar.operands.complaint(about: operands.count) {
            return .wrongOperands(
                usageError("'\(command)' \(complaint)", "usage: \(command) \(grammar.synopsis)"))
        }
        grammar.assign(&target, operands)
        return .run
    }

    /// Reads `--name`, `--name=value` or `--name value`; true for `--help`.
    private func readLong(
        _ word: String, _ rest: inout ArraySlice<String>, _ target: inout Target
    ) throws(Problem) -> Bool {
        let body = word.dropFirst(2)
        let name = body.prefix { $0 != "=" }
        guard let first = name.first, first != "-" else {
            throw usageError("bad flag syntax", word)
        }
        let flag = grammar.flags.first { $0.description.name == name }
        guard let flag else {
            if name == "help" { return true }
            if let refused = RefusedFlag.named(String(name), of: command) {
                throw problem(.unsupported(refused.why), refused.description, "")
            }
            let meant = Suggestion.nearest(
                to: String(name), among: grammar.flags.map(\.description.name))
            throw usageError(
                "unknown flag", "--\(name)",
                fix: meant.map { "did you mean '--\($0)'? see '\(command) --help'" })
        }
        if name.endIndex != body.endIndex {
            try apply(flag, String(body[name.endIndex...].dropFirst()), &target)
        } else if flag.description.valueName == nil {
            try apply(flag, "true", &target)
        } else if let value = rest.popFirst() {
            try apply(flag, value, &target)
        } else {
            throw usageError("flag needs an argument", "--\(name)")
        }
        return false
    }

    /// Reads letters together, the last of which may have a value; true for `-h` as help.
    private func readShort(
        _ word: String, _ rest: inout ArraySlice<String>, _ target: inout Target
    ) throws(Problem) -> Bool {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            let flag = grammar.flags.first { $0.description.letter == letter }
            guard let flag else {
                if letter == "h" { return true }
                if let refused = RefusedFlag.called(letter, of: command) {
                    throw problem(.unsupported(refused.why), refused.description, "")
                }
                throw usageError("unknown shorthand flag", "'\(letter)' in \(word)")
            }
            if letters.first == "=" && letters.count > 1 {
                try apply(flag, String(letters.dropFirst()), &target)
                return false
            }
            if flag.description.valueName == nil {
                try apply(flag, "true", &target)
                continue
            }
            guard let value = letters.isEmpty ? rest.popFirst() : String(letters) else {
                throw usageError("flag needs an argument", "'\(letter)' in \(word)")
            }
            try apply(flag, value, &target)
            return false
        }
        return false
    }

    private func apply(
        _ flag: Flag<Target>, _ value: String, _ target: inout Target
    ) throws(Problem) {
        do {
            try flag.apply(&target, value)
        } catch {
            throw problem(error, flag.description, value)
        }
    }

    private func problem(
        _ error: FlagError, _ flag: FlagDescription, _ value: String
    ) -> Problem {
        switch error {
        case .invalid(let invalid):
            usageError(
                "invalid argument \"\(value)\" for \"\(flag.names)\" flag", invalid.why,
                fix: invalid.fix, kind: invalid.isUnsupported ? .unsupported : .invalid)
        case .unsupported(let why):
            Problem(
                kind: .unsupported, what: "cannot use \(flag.names) with '\(command)'", why: why)
        }
    }

    private func usageError(
        _ what: String, _ why: String, fix: String? = nil, kind: Problem.Kind = .invalid
    ) -> Problem {
        Problem(kind: kind, what: what, why: why, fix: fix ?? "see '\(command) --help'")
    }
}
