/// Signatures taken apart into complete types (D-Bus Specification, § Type System).
enum DBusSignature {
    /// The complete types of a signature, one after the other; nil when it is none.
    static func types(of signature: Substring) -> [Substring]? {
        var types: [Substring] = []
        var rest = signature
        while !rest.isEmpty {
            guard let end = endOfType(in: rest, depth: 0) else { return nil }
            types.append(rest[..<end])
            rest = rest[end...]
        }
        return types
    }

    /// The alignment of a type in bytes, from its first letter.
    static func alignment(of type: Substring) -> Int {
        switch type.first {
        case "n", "q": 2
        case "b", "i", "u", "s", "o", "a": 4
        case "x", "t", "d", "(", "{": 8
        default: 1
        }
    }

    private static func endOfType(in text: Substring, depth: Int) -> Substring.Index? {
        guard let first = text.first, depth < 32 else { return nil }
        let next = text.index(after: text.startIndex)
        switch first {
        case "y", "b", "n", "q", "i", "u", "x", "t", "d", "s", "o", "g", "v", "h": return next
        case "a": return endOfType(in: text[next...], depth: depth + 1)
        case "(", "{":
            let close: Character = first == "(" ? ")" : "}"
            var rest = text[next...]
            while let letter = rest.first, letter != close {
                guard let end = endOfType(in: rest, depth: depth + 1) else { return nil }
                rest = rest[end...]
            }
            return rest.isEmpty ? nil : rest.index(after: rest.startIndex)
        default: return nil
        }
    }
}
