/// The keys that leave an attached container running: `ctrl-p,ctrl-q` (moby/term, ascii.go).
enum DetachKeys {
    /// Ctrl-P, Ctrl-Q.
    static let standard: [UInt8] = [0x10, 0x11]

    /// The bytes that a terminal sends for the keys; an empty text is Docker's default.
    static func parse(_ text: String) throws(InvalidValue) -> [UInt8] {
        if text.isEmpty { return standard }
        var bytes: [UInt8] = []
        for key in text.split(separator: ",", omittingEmptySubsequences: false) {
            bytes.append(try byte(for: key))
        }
        return bytes
    }

    private static func byte(for key: Substring) throws(InvalidValue) -> UInt8 {
        if key.utf8.count == 1, let byte = key.utf8.first { return byte }
        let prefix = "ctrl-"
        let rest = key.dropFirst(prefix.count)
        if key.hasPrefix(prefix), rest.utf8.count == 1, let byte = rest.utf8.first {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): return byte - UInt8(ascii: "a") + 1
            case UInt8(ascii: "@"): return 0
            case UInt8(ascii: "["): return 27
            case UInt8(ascii: "\\"): return 28
            case UInt8(ascii: "]"): return 29
            case UInt8(ascii: "^"): return 30
            case UInt8(ascii: "_"): return 31
            default: break
            }
        }
        throw InvalidValue(
            "Unknown character: '\(key)'", fix: "a letter, or ctrl- and one of a-z @ [ ] \\ ^ _")
    }
}
