/// Characters of a Dockerfile's syntax as bytes of UTF-8.
enum Byte {
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let tab = UInt8(ascii: "\t")
    static let space = UInt8(ascii: " ")
    static let hash = UInt8(ascii: "#")
    static let backslash = UInt8(ascii: "\\")
    static let singleQuote = UInt8(ascii: "'")
    static let doubleQuote = UInt8(ascii: "\"")
    static let dollar = UInt8(ascii: "$")
    static let slash = UInt8(ascii: "/")

    /// Whether the byte separates words: blank, tab, vertical tab, form feed and line ends.
    static func isBlank(_ byte: UInt8) -> Bool { byte == space || (9...13).contains(byte) }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }

    /// Whether a variable's name may go on with the byte.
    static func isNamePart(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "_")
    }
}

extension Collection<UInt8> {
    /// The bytes as text.
    var text: String { String(decoding: self, as: UTF8.self) }
}

extension BidirectionalCollection<UInt8> {
    /// The bytes without blanks at either end.
    var trimmed: SubSequence {
        let start = drop(while: Byte.isBlank)
        guard let last = start.lastIndex(where: { !Byte.isBlank($0) }) else {
            return start.prefix(0)
        }
        return start[...last]
    }
}
