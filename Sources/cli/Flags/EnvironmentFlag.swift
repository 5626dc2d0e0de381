/// `-e NAME=value`, `-e NAME` (from Kade's own environment) and the lines of `--env-file`.
struct EnvironmentFlag {
    /// Kade's own environment, which a bare name is taken from.
    let environment: [String: String]

    /// One `-e`: the entry, or nil for a bare name that is not set here (Docker drops it).
    static func parse(_ text: String) throws(InvalidValue) -> String {
        guard !text.isEmpty, !text.hasPrefix("=") else {
            throw InvalidValue("invalid environment variable: \(text)")
        }
        return text
    }

    /// The entry with its value; a bare name that is not set here stays bare, which unsets it.
    func resolve(_ entry: String) -> String {
        guard !entry.contains("="), let value = environment[entry] else { return entry }
        return "\(entry)=\(value)"
    }

    /// The entries of an `--env-file`; names that are set nowhere are left out, as in Docker.
    func entries(inFile text: String) throws(InvalidValue) -> [String] {
        var entries: [String] = []
        for line in try KeyValueFile.lines(of: text) {
            let name = line.prefix { $0 != "=" }
            if name.endIndex != line.endIndex {
                entries.append(line)
            } else if let value = environment[line] {
                entries.append("\(line)=\(value)")
            }
        }
        return entries
    }
}

/// `--label NAME[=value]` and the lines of `--label-file`.
enum LabelFlag {
    static func parse(_ text: String) throws(InvalidValue) -> Label {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let key = parts[0].trimmingBlanks()
        guard !key.isEmpty else { throw InvalidValue("invalid label '\(text)': empty name") }
        return Label(key: key, value: parts.count == 2 ? String(parts[1]) : "")
    }

    static func labels(inFile text: String) throws(InvalidValue) -> [Label] {
        var labels: [Label] = []
        for line in try KeyValueFile.lines(of: text) { labels.append(try parse(line)) }
        return labels
    }
}

/// A label or another named value of a container.
struct Label: Equatable {
    let key: String
    let value: String
}

/// Files of `NAME=value` lines with comments, as `--env-file` and `--label-file` read them.
enum KeyValueFile {
    static func lines(of text: String) throws(InvalidValue) -> [String] {
        var lines: [String] = []
        var body = Substring(text)
        if body.unicodeScalars.first == "\u{FEFF}" { body.unicodeScalars.removeFirst() }
        for raw in body.split(whereSeparator: \.isNewline) {
            let line = raw.drop { $0 == " " || $0 == "\t" }
            if line.isEmpty || line.hasPrefix("#") { continue }
            let name = line.prefix { $0 != "=" }
            guard !name.isEmpty else { throw InvalidValue("no variable name on line '\(line)'") }
            if name.contains(where: \.isWhitespace) {
                // a bare name may be followed by blanks, nothing else may hold them
                let trimmed = name.trimmingBlanks()
                guard name.endIndex == line.endIndex, !trimmed.contains(where: \.isWhitespace)
                else { throw InvalidValue("variable '\(name)' contains whitespaces") }
                lines.append(trimmed)
            } else {
                lines.append(String(line))
            }
        }
        return lines
    }
}

extension StringProtocol {
    /// The text without blanks at either end.
    func trimmingBlanks() -> String {
        let start = drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
