/// The grammar of image references (distribution, reference/reference.go).
package enum ReferenceGrammar {
    package static let tagRule =
        "a tag is up to 128 letters, digits, \"_\", \".\" and \"-\", and begins with none of the "
        + "last two"

    /// Whether a text is a tag: `[\w][\w.-]{0,127}`.
    package static func isTag(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, isWord(first), bytes.count <= 128 else { return false }
        return bytes.allSatisfy { byte in
            isWord(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
        }
    }

    /// Whether a text looks like an image's ID: 64 hexadecimal digits.
    static func isHexadecimalID(_ text: Substring) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { byte in
                isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
            }
    }

    /// The rule that a name breaks, or nil.
    static func mistake(domain: String, path: String) -> String? {
        guard isDomain(Array(domain.utf8)[...]) else { return "\"\(domain)\" is no host and port" }
        guard path.utf8.count + domain.utf8.count < 255 else {
            return "its name is longer than 255 characters"
        }
        for component in path.split(separator: "/", omittingEmptySubsequences: false) {
            if component.contains(where: { $0.isUppercase }) {
                return "\"\(component)\" has upper-case letters"
            }
            guard isPathComponent(Array(component.utf8)) else {
                return "\"\(component)\" is not made of lower-case letters and digits with "
                    + "\".\", \"_\", \"__\" or dashes between them"
            }
        }
        return nil
    }

    /// A host name, IPv4 address or bracketed IPv6 address, and a port.
    private static func isDomain(_ text: ArraySlice<UInt8>) -> Bool {
        var host = text
        if let colon = text.lastIndex(of: UInt8(ascii: ":")), text.last != UInt8(ascii: "]") {
            let port = text[(colon + 1)...]
            guard !port.isEmpty, port.allSatisfy(isDigit) else { return false }
            host = text[..<colon]
        }
        if host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]"), host.count > 2 {
            return host.dropFirst().dropLast().allSatisfy { byte in
                isHexadecimal(byte) || byte == UInt8(ascii: ":")
            }
        }
        return host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .allSatisfy { label in
                guard let first = label.first, let last = label.last else { return false }
                return isAlphanumeric(first) && isAlphanumeric(last)
                    && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
            }
    }

    /// Lower-case words with one ".", one or two "_" or any number of "-" between them.
    private static func isPathComponent(_ text: [UInt8]) -> Bool {
        var separator: [UInt8] = []
        var followsWord = false
        for byte in text {
            if isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte {
                guard separator.isEmpty || (followsWord && isSeparator(separator)) else {
                    return false
                }
                separator = []
                followsWord = true
            } else {
                separator.append(byte)
            }
        }
        return followsWord && separator.isEmpty
    }

    private static func isSeparator(_ text: [UInt8]) -> Bool {
        text == [UInt8(ascii: ".")] || text == [UInt8(ascii: "_")]
            || text == [UInt8(ascii: "_"), UInt8(ascii: "_")]
            || text.allSatisfy { $0 == UInt8(ascii: "-") }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: "_")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte | 0x20
    }
}
