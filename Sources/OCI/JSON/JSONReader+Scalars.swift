extension JSONReader {
    /// Reads a string.
    package mutating func readString() throws(JSONError) -> String {
        try readString(mayHoldZeroBytes: !refusesZeroBytes)
    }

    /// Reads a string; one without escapes holds no zero byte.
    mutating func readString(mayHoldZeroBytes: Bool) throws(JSONError) -> String {
        skipWhitespace()
        guard peek() == UInt8(ascii: "\"") else { throw mismatch("a string") }
        let start = position + 1
        if let range = try scanPlainString() {
            return String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
        }
        let string = try decodeString(from: start)
        if !mayHoldZeroBytes { try checkZeroBytes(in: string) }
        return string
    }

    /// Refuses a string that the kernel would cut off.
    func checkZeroBytes(in string: String) throws(JSONError) {
        guard string.utf8.contains(0) else { return }
        throw error("holds a zero byte, which no path, name or argument can")
    }

    /// Reads true or false.
    package mutating func readBool() throws(JSONError) -> Bool {
        skipWhitespace()
        if consume("true") { return true }
        if consume("false") { return false }
        throw mismatch("true or false")
    }

    /// Reads null if it is next.
    package mutating func readNull() -> Bool {
        skipWhitespace()
        return consume("null")
    }

    /// Reads a whole number that fits the type.
    package mutating func readInteger<Integer: FixedWidthInteger>() throws(JSONError) -> Integer {
        skipWhitespace()
        let start = position
        let text = try scanNumber("a whole number")
        var index = 0
        let isNegative = text[0] == UInt8(ascii: "-")
        if isNegative { index = 1 }
        var value: Integer = 0
        while index < text.count {
            guard case let digit = text[index] &- UInt8(ascii: "0"), digit < 10 else {
                position = start
                throw error("is not a whole number")
            }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) =
                isNegative
                ? product.subtractingReportingOverflow(Integer(digit))
                : product.addingReportingOverflow(Integer(digit))
            guard !overflow, !carry else {
                position = start
                throw error("is not between \(Integer.min) and \(Integer.max)")
            }
            value = sum
            index += 1
        }
        return value
    }

    /// Reads a number and keeps its exact text.
    package mutating func readNumber() throws(JSONError) -> JSONNumber {
        skipWhitespace()
        return JSONNumber(validText: String(decoding: try scanNumber("a number"), as: UTF8.self))
    }

    /// Passes a literal name if it is next.
    private mutating func consume(_ literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard bytes.count - position >= count else { return false }
        for index in 0..<count where bytes[position + index] != literal.utf8Start[index] {
            return false
        }
        position += count
        return true
    }

    /// Passes a number of RFC 8259's grammar: no leading zeros, digits around the point.
    private mutating func scanNumber(
        _ expected: StaticString
    ) throws(JSONError) -> UnsafeBufferPointer<UInt8> {
        let start = position
        if peek() == UInt8(ascii: "-") { position += 1 }
        guard isDigit(peek()) else {
            position = start
            throw mismatch(expected)
        }
        if peek() == UInt8(ascii: "0") { position += 1 } else { skipDigits() }
        if isDigit(peek()) { throw syntax("has a leading zero") }
        if peek() == UInt8(ascii: ".") {
            position += 1
            guard isDigit(peek()) else { throw syntax("needs a digit after the point") }
            skipDigits()
        }
        if peek() | 0x20 == UInt8(ascii: "e") {
            position += 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
            guard isDigit(peek()) else { throw syntax("needs a digit in the exponent") }
            skipDigits()
        }
        return UnsafeBufferPointer(rebasing: bytes[start..<position])
    }

    private mutating func skipDigits() {
        while isDigit(peek()) { position += 1 }
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}
