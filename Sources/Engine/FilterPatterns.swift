/// The value of `--filter name=`: a part of a name; `^` and `$` tie it to the name's ends.
struct NamePattern: Sendable {
    private let part: String
    private let isAtStart: Bool
    private let isAtEnd: Bool

    init(_ value: String) {
        var text = Substring(value)
        isAtStart = text.hasPrefix("^")
        if isAtStart { text = text.dropFirst() }
        if text.hasPrefix("/") { text = text.dropFirst() }  // Docker's containers begin so
        isAtEnd = text.hasSuffix("$")
        if isAtEnd { text = text.dropLast() }
        part = String(text)
    }

    func matches(_ name: String) -> Bool {
        switch (isAtStart, isAtEnd) {
        case (true, true): name == part
        case (true, false): name.hasPrefix(part)
        case (false, true): name.hasSuffix(part)
        case (false, false): part.isEmpty || name.contains(part)
        }
    }
}

/// The value of `--filter label=`: a label's name, or its name and value.
struct LabelPattern: Sendable {
    private let name: String
    private let value: String?

    init(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        name = String(parts[0])
        value = parts.count > 1 ? String(parts[1]) : nil
    }

    func matches(_ labels: [String: String]) -> Bool {
        guard let value else { return labels[name] != nil }
        return labels[name] == value
    }
}
