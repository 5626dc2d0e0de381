/// The `--name=value` words before an instruction's arguments.
struct InstructionFlags {
    /// What follows the flags.
    let rest: String
    private var flags: [(name: String, value: String?)] = []

    /// Reads flags up to the first word that is none, or to `--`.
    init(_ text: String) throws(ShellMistake) {
        let bytes = Array(text.utf8)
        var position = 0
        while true {
            while position < bytes.count, Byte.isBlank(bytes[position]) { position += 1 }
            guard bytes[position...].starts(with: "--".utf8) else { break }
            let word = try Self.word(bytes, &position)
            if word == "--" { break }
            let parts = word.dropFirst(2).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            flags.append((String(parts[0]), parts.count > 1 ? String(parts[1]) : nil))
        }
        rest = bytes[position...].trimmed.text
    }

    /// One word; quotes around blanks are taken off.
    private static func word(_ bytes: [UInt8], _ position: inout Int) throws(ShellMistake) -> String
    {
        var word: [UInt8] = []
        var quote: UInt8?
        while position < bytes.count {
            let byte = bytes[position]
            if quote == nil, Byte.isBlank(byte) { break }
            position += 1
            if byte == Byte.backslash {
                guard position < bytes.count else { continue }
                word.append(bytes[position])
                position += 1
            } else if byte == quote {
                quote = nil
            } else if quote == nil, byte == Byte.singleQuote || byte == Byte.doubleQuote {
                quote = byte
            } else {
                word.append(byte)
            }
        }
        return word.text
    }

    /// Takes a flag with a value; nil when it is not given.
    mutating func value(_ name: String) throws(ShellMistake) -> String? {
        let values = try values(name)
        guard values.count < 2 else { throw ShellMistake("duplicate flag specified: \(name)") }
        return values.first
    }

    /// Takes a flag that may be given many times.
    mutating func values(_ name: String) throws(ShellMistake) -> [String] {
        var values: [String] = []
        for flag in flags where flag.name == name {
            guard let value = flag.value else {
                throw ShellMistake("missing a value on flag: \(name)")
            }
            values.append(value)
        }
        flags.removeAll { $0.name == name }
        return values
    }

    /// Takes a switch; nil when it is not given.
    mutating func isOn(_ name: String) throws(ShellMistake) -> Bool? {
        guard let flag = flags.first(where: { $0.name == name }) else { return nil }
        flags.removeAll { $0.name == name }
        switch flag.value?.lowercased() {
        case nil, "true": return true
        case "false": return false
        case let other?:
            throw ShellMistake(
                "expecting boolean value for flag \(name), not: \(other)")
        }
    }

    /// Refuses what nobody took.
    func finish() throws(ShellMistake) {
        guard let flag = flags.first else { return }
        throw ShellMistake("unknown flag: --\(flag.name)")
    }
}
