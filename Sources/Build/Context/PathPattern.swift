/// A pattern for paths of a build's context, by Docker's rules.
///
/// `*` is any text without a slash, `?` one such character, `[a-z]` and `[^a-z]` one of a set,
/// `**` any number of whole parts, and a backslash takes the next character its meaning
/// (Go's `filepath.Match`, and moby/patternmatcher for `**`).
package struct PathPattern: Sendable, Equatable {
    private enum Part: Sendable, Equatable {
        case byte(UInt8)
        case one
        case set([ClosedRange<UInt8>], isInverted: Bool)
        case name
        case path
        case pathAndSlash
    }

    private let parts: [Part]
    /// Whether any character of it has a meaning of its own.
    package let hasWildcards: Bool

    /// Reads a pattern.
    ///
    /// - Parameters:
    ///   - text: relative, without a slash at either end.
    ///   - crossesDirectories: whether `**` stands for several parts; else it is `*`.
    package init?(_ text: String, crossesDirectories: Bool) {
        var parts: [Part] = []
        var bytes = Array(text.utf8)[...]
        var hasWildcards = false
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "*"):
                hasWildcards = true
                guard crossesDirectories, bytes.first == UInt8(ascii: "*") else {
                    if parts.last != .name { parts.append(.name) }
                    continue
                }
                while bytes.first == UInt8(ascii: "*") { bytes.removeFirst() }
                if bytes.first == Byte.slash { bytes.removeFirst() }
                parts.append(bytes.isEmpty ? .path : .pathAndSlash)
            case UInt8(ascii: "?"):
                hasWildcards = true
                parts.append(.one)
            case UInt8(ascii: "["):
                hasWildcards = true
                guard let set = Self.set(&bytes) else { return nil }
                parts.append(set)
            case Byte.backslash:
                guard let next = bytes.popFirst() else { return nil }
                parts.append(.byte(next))
            default: parts.append(.byte(byte))
            }
        }
        self.parts = parts
        self.hasWildcards = hasWildcards
    }

    private static func set(_ bytes: inout ArraySlice<UInt8>) -> Part? {
        var ranges: [ClosedRange<UInt8>] = []
        var isInverted = false
        if bytes.first == UInt8(ascii: "^") {
            isInverted = true
            bytes.removeFirst()
        }
        while var first = bytes.popFirst() {
            if first == UInt8(ascii: "]"), !ranges.isEmpty {
                return .set(ranges, isInverted: isInverted)
            }
            if first == Byte.backslash {
                guard let next = bytes.popFirst() else { return nil }
                first = next
            }
            guard bytes.first == UInt8(ascii: "-"), bytes.count > 1,
                bytes[bytes.startIndex + 1] != UInt8(ascii: "]")
            else {
                ranges.append(first...first)
                continue
            }
            bytes.removeFirst()
            guard var last = bytes.popFirst() else { return nil }
            if last == Byte.backslash {
                guard let next = bytes.popFirst() else { return nil }
                last = next
            }
            guard first <= last else { return nil }
            ranges.append(first...last)
        }
        return nil
    }

    /// Whether the whole path matches.
    package func matches(_ path: String) -> Bool {
        Self.matches(parts[...], Array(path.utf8)[...])
    }

    private static func matches(_ parts: ArraySlice<Part>, _ text: ArraySlice<UInt8>) -> Bool {
        guard let part = parts.first else { return text.isEmpty }
        let rest = parts.dropFirst()
        switch part {
        case .byte(let byte): return text.first == byte && matches(rest, text.dropFirst())
        case .one:
            guard let first = text.first, first != Byte.slash else { return false }
            return matches(rest, afterCharacter(text))
        case .set(let ranges, let isInverted):
            guard let first = text.first, first != Byte.slash else { return false }
            guard ranges.contains(where: { $0.contains(first) }) != isInverted else {
                return false
            }
            return matches(rest, afterCharacter(text))
        case .name:
            var text = text
            while true {
                if matches(rest, text) { return true }
                guard let first = text.popFirst(), first != Byte.slash else { return false }
            }
        case .path: return true
        case .pathAndSlash:
            if matches(rest, text) { return true }
            var text = text
            while let byte = text.popFirst() {
                if byte == Byte.slash, matches(rest, text) { return true }
            }
            return false
        }
    }

    private static func afterCharacter(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = text.dropFirst()
        while let byte = rest.first, byte & 0xc0 == 0x80 { rest = rest.dropFirst() }
        return rest
    }
}
