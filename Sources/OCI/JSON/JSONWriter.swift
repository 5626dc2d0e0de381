/// Writes a JSON text value by value.
package struct JSONWriter {
    /// The text so far, in UTF-8.
    package private(set) var bytes: [UInt8] = []
    private let style: Style
    private var depth = 0
    private var isFirst = true
    private var followsKey = false

    package init(_ style: Style) { self.style = style }

    /// How a text is laid out.
    package enum Style: Sendable {
        /// Without white space.
        case compact
        /// One member or element a line, as `docker inspect` prints.
        case indented(spaces: Int)

        /// Four spaces a level.
        package static var indented: Style { .indented(spaces: 4) }
    }

    package mutating func beginObject() { begin(UInt8(ascii: "{")) }
    package mutating func endObject() { end(UInt8(ascii: "}")) }
    package mutating func beginArray() { begin(UInt8(ascii: "[")) }
    package mutating func endArray() { end(UInt8(ascii: "]")) }

    /// Writes a member's name; its value comes next.
    package mutating func key(_ name: String) {
        separate()
        appendQuoted(name)
        bytes.append(UInt8(ascii: ":"))
        if case .indented = style { bytes.append(UInt8(ascii: " ")) }
        followsKey = true
    }

    package mutating func write(_ string: String) {
        separate()
        appendQuoted(string)
    }

    package mutating func write(_ bool: Bool) { appendToken(bool ? "true" : "false") }
    package mutating func write(_ number: JSONNumber) { appendToken(number.text) }
    package mutating func write(_ integer: some FixedWidthInteger) { appendToken("\(integer)") }
    package mutating func writeNull() { appendToken("null") }

    private mutating func begin(_ opening: UInt8) {
        separate()
        bytes.append(opening)
        depth += 1
        isFirst = true
    }

    private mutating func end(_ closing: UInt8) {
        depth -= 1
        if !isFirst { breakLine() }
        bytes.append(closing)
        isFirst = false
    }

    private mutating func separate() {
        if followsKey {
            followsKey = false
            return
        }
        guard depth > 0 else { return }
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        breakLine()
    }

    private mutating func breakLine() {
        guard case .indented(let spaces) = style else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * spaces))
    }

    private mutating func appendToken(_ token: String) {
        separate()
        bytes.append(contentsOf: token.utf8)
    }

    private mutating func appendQuoted(_ string: String) {
        bytes.append(UInt8(ascii: "\""))
        var string = string
        string.withUTF8 { contents in
            var clean = 0
            for (index, byte) in contents.enumerated()
            where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes.append(contentsOf: contents[clean..<index])
                appendEscape(byte)
                clean = index + 1
            }
            bytes.append(contentsOf: contents[clean...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func appendEscape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        default:
            let digits = String(byte, radix: 16)
            bytes.append(contentsOf: "u00\(digits.utf8.count == 1 ? "0" : "")\(digits)".utf8)
        }
    }
}

extension JSONWriter {
    /// Writes a member that is always there.
    package mutating func member(_ name: String, _ value: some JSONCodable) {
        key(name)
        value.write(to: &self)
    }

    /// Writes a member unless it is nil.
    package mutating func optional(_ name: String, _ value: (some JSONCodable)?) {
        if let value { member(name, value) }
    }

    /// Writes a member unless it is an empty list.
    package mutating func optional(_ name: String, _ list: [some JSONCodable]) {
        if !list.isEmpty { member(name, list) }
    }

    /// Writes a member unless it is an empty map.
    package mutating func optional(_ name: String, _ map: [String: some JSONCodable]) {
        if !map.isEmpty { member(name, map) }
    }

    /// Writes a member if it is true.
    package mutating func optional(_ name: String, _ flag: Bool) {
        if flag { member(name, flag) }
    }

    /// Writes the members of an object into the current one.
    package mutating func members(_ object: JSONObject) {
        for member in object.members { self.member(member.name, member.value) }
    }
}
