extension JSONReader {
    /// Passes a string of ASCII without escapes.
    ///
    /// - Returns: the range of its contents, or nil when the string needs decoding; the position is
    ///   then at the first byte that does.
    mutating func scanPlainString() throws(JSONError) -> Range<Int>? {
        let start = position + 1
        var index = start
        let count = bytes.count
        while index < count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                position = index + 1
                return start..<index
            }
            if byte == UInt8(ascii: "\\") || byte >= 0x80 {
                position = index
                return nil
            }
            if byte < 0x20 {
                position = index
                throw error("has a control character that is not escaped")
            }
            index += 1
        }
        position = index
        throw error("is cut off")
    }

    /// Passes an empty string if it is next.
    mutating func readEmptyString() -> Bool {
        skipWhitespace()
        guard peek() == UInt8(ascii: "\""), position + 1 < bytes.count,
            bytes[position + 1] == UInt8(ascii: "\"")
        else { return false }
        position += 2
        return true
    }

    /// Passes a string with escapes or beyond ASCII, which began at `start`.
    mutating func decodeString(from start: Int) throws(JSONError) -> String {
        var contents = Array(bytes[start..<position])
        while true {
            let byte = peek()
            guard position < bytes.count else { throw error("is cut off") }
            if byte < 0x20 { throw error("has a control character that is not escaped") }
            position += 1
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                try decodeEscape(into: &contents)
            } else {
                contents.append(byte)
            }
        }
        guard let string = String(validating: contents, as: UTF8.self) else {
            throw error("is not valid UTF-8")
        }
        return string
    }

    private mutating func decodeEscape(into contents: inout [UInt8]) throws(JSONError) {
        let escape = peek()
        position += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): contents.append(escape)
        case UInt8(ascii: "b"): contents.append(0x08)
        case UInt8(ascii: "f"): contents.append(0x0C)
        case UInt8(ascii: "n"): contents.append(0x0A)
        case UInt8(ascii: "r"): contents.append(0x0D)
        case UInt8(ascii: "t"): contents.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try decodeScalar()
            contents.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default:
            position -= 1
            throw syntax("has an unknown escape")
        }
    }

    /// Reads the four digits of a `\u` escape, and the second half of a surrogate pair.
    private mutating func decodeScalar() throws(JSONError) -> Unicode.Scalar {
        let first = try hexadecimalDigits()
        guard 0xD800...0xDFFF ~= first else {
            return Unicode.Scalar(first) ?? "\u{FFFD}"
        }
        guard first < 0xDC00, peek() == UInt8(ascii: "\\") else {
            throw syntax("has half a surrogate pair")
        }
        position += 1
        guard peek() == UInt8(ascii: "u") else { throw syntax("has half a surrogate pair") }
        position += 1
        let second = try hexadecimalDigits()
        guard 0xDC00...0xDFFF ~= second else { throw syntax("has half a surrogate pair") }
        let value = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }

    private mutating func hexadecimalDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = peek()
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw syntax("needs four hexadecimal digits after \\u")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
