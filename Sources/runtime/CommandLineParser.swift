import Diagnostics

/// An option that a command knows, in runc's spelling and without hyphens.
struct OptionName {
    /// What the command asks for.
    let name: String
    /// Another name for it, of one letter.
    let letter: String?
    /// Whether a value follows.
    let takesValue: Bool

    static func flag(_ name: String, _ letter: String? = nil) -> OptionName {
        OptionName(name: name, letter: letter, takesValue: false)
    }

    static func value(_ name: String, _ letter: String? = nil) -> OptionName {
        OptionName(name: name, letter: letter, takesValue: true)
    }
}

/// Arguments taken apart by runc's grammar: `-b x`, `--bundle x`, `--bundle=x`, `-bundle x`; `--`
/// ends the options.
struct ParsedArguments {
    /// The names of the options as they were given, and beside them their values.
    private var givenNames: [String] = []
    private var givenValues: [String] = []
    /// What is no option.
    private(set) var operands: [String] = []

    /// - Parameters:
    ///   - arguments: what follows the command's name.
    ///   - options: what the command knows.
    ///   - stopsAtOperand: whether everything after the first operand is one too (`exec`, `ps`, and
    ///     the global options, whose first operand is the command).
    /// - Throws: ``Problem`` of kind `invalid` that names the argument.
    init(
        _ arguments: [String], options: [OptionName], stopsAtOperand: Bool
    ) throws(Problem) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                operands += rest
                return
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                operands.append(argument)
                guard stopsAtOperand else { continue }
                operands += rest
                return
            }
            try take(argument, options: options, rest: &rest)
        }
    }

    private mutating func take(
        _ argument: String, options: [OptionName], rest: inout ArraySlice<String>
    ) throws(Problem) {
        let text = argument.utf8.drop { $0 == UInt8(ascii: "-") }
        let equals = text.firstIndex(of: UInt8(ascii: "="))
        let name = String(Substring(text[..<(equals ?? text.endIndex)]))
        guard let option = options.first(where: { $0.name == name || $0.letter == name }) else {
            throw Problem(
                kind: .invalid, what: "flag provided but not defined: \(argument)",
                why: "the command has no such option", fix: "see kade-runtime --help")
        }
        if let equals {
            let value = String(Substring(text[text.index(after: equals)...]))
            add(option.name, value)
        } else if !option.takesValue {
            add(option.name, "true")
        } else if let value = rest.popFirst() {
            add(option.name, value)
        } else {
            throw Problem(
                kind: .invalid, what: "flag needs an argument: \(argument)",
                why: "nothing follows it")
        }
    }

    private mutating func add(_ name: String, _ value: String) {
        givenNames.append(name)
        givenValues.append(value)
    }

    /// The value of an option, the last one where it is given twice.
    func value(_ name: String) -> String? {
        givenNames.lastIndex(of: name).map { givenValues[$0] }
    }

    /// The value of an option; nil where it is empty, which engines mean as absent.
    func text(_ name: String) -> String? {
        guard let value = value(name), !value.isEmpty else { return nil }
        return value
    }

    /// All values of an option, in order.
    func values(_ name: String) -> [String] {
        givenNames.indices.filter { givenNames[$0] == name }.map { givenValues[$0] }
    }

    /// Whether a flag is set: `--flag`, `--flag=true`.
    func has(_ name: String) throws(Problem) -> Bool {
        guard let text = value(name) else { return false }
        guard let value = Self.truth(text) else {
            throw Problem(
                kind: .invalid, what: "invalid value \"\(text)\" for flag --\(name)",
                why: "it is true or false")
        }
        return value
    }

    /// Whether a text is one of Go's for true or for false; nil where it is none.
    static func truth(_ text: String) -> Bool? {
        switch text {
        case "true", "1", "t", "T", "TRUE", "True": true
        case "false", "0", "f", "F", "FALSE", "False": false
        default: nil
        }
    }

    /// The value of an option as a number.
    func number(_ name: String) throws(Problem) -> Int? {
        guard let text = value(name) else { return nil }
        guard let number = Int(text) else {
            throw Problem(
                kind: .invalid, what: "invalid value \"\(text)\" for flag --\(name)",
                why: "it is a number")
        }
        return number
    }

    /// How many descriptors from 3 on the program inherits: `--preserve-fds`.
    func preservedDescriptors() throws(Problem) -> Int {
        try Self.checkDescriptorCount(number("preserve-fds") ?? 0, of: "--preserve-fds")
    }

    /// Refuses what no process can have open (`fs.nr_open`).
    static func checkDescriptorCount(
        _ count: Int, of source: String
    ) throws(Problem) -> Int {
        guard (0...1 << 20).contains(count) else {
            throw Problem(
                kind: .invalid, what: "cannot pass \(count) descriptors on",
                why: "\(source) is a number from 0 to \(1 << 20)")
        }
        return count
    }

    /// The one operand that a command takes: the container's identifier.
    func container(of command: String) throws(Problem) -> String {
        try requireOperands(1...1, of: command)
        return operands[0]
    }

    /// Checks how many operands there are.
    func requireOperands(
        _ range: ClosedRange<Int>, of command: String
    ) throws(Problem) {
        guard !range.contains(operands.count) else { return }
        let wanted =
            range.lowerBound == range.upperBound
            ? "exactly \(range.lowerBound)"
            : operands.count < range.lowerBound
                ? "at least \(range.lowerBound)" : "at most \(range.upperBound)"
        throw Problem(
            kind: .invalid, what: "\(command): wrong number of arguments",
            why: "\"kade-runtime \(command)\" requires \(wanted) argument(s)",
            fix: "see kade-runtime --help")
    }
}
