/// Reads a JSON text value by value, without making a tree of it (RFC 8259).
///
/// The caller asks for what it expects; anything else is an error that names the path to it. The
/// text stays the caller's and must outlive the reader.
///
/// ```swift
/// try json.enterObject()
/// while let key = try json.nextKey() {
///     switch key {
///     case "path": path = try json.read()
///     default: try json.skipValue()
///     }
/// }
/// ```
package struct JSONReader: ~Copyable {
    /// How deep arrays and objects may nest.
    package static let maximumDepth = 512

    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    var frames: [Frame] = []
    /// Whether a string that holds a zero byte, written `\u0000`, is an error.
    ///
    /// For texts whose strings become paths, names and arguments: the kernel reads them up to a zero
    /// byte, and would do something else than the text says. What nobody knows stays free.
    package var refusesZeroBytes = false

    /// An array or object that has begun and not ended.
    struct Frame {
        let isObject: Bool
        /// How many members or elements have begun.
        var count = 0
        /// The range of the current member's name, without quotation marks.
        var keyStart = 0
        var keyEnd = 0
    }

    package init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        frames.reserveCapacity(16)
    }

    /// Begins an object; ``nextKey()`` then yields its members.
    package mutating func enterObject() throws(JSONError) {
        try enter(opening: UInt8(ascii: "{"), isObject: true, expected: "an object")
    }

    /// Begins an array; ``nextElement()`` then says whether there is another element.
    package mutating func enterArray() throws(JSONError) {
        try enter(opening: UInt8(ascii: "["), isObject: false, expected: "an array")
    }

    /// The next member's name, or nil at the object's end.
    ///
    /// After a name its value has to be read or skipped.
    package mutating func nextKey() throws(JSONError) -> JSONKey? {
        guard try hasNext(closing: UInt8(ascii: "}"), expected: "\",\" or \"}\"") else {
            return nil
        }
        guard peek() == UInt8(ascii: "\"") else { throw syntax("needs a member's name here") }
        let start = position + 1
        let key: JSONKey
        if let range = try scanPlainString() {
            key = JSONKey(plain: UnsafeBufferPointer(rebasing: bytes[range]))
        } else {
            key = JSONKey(decoded: try decodeString(from: start))
        }
        let last = frames.count - 1
        frames[last].keyStart = start
        frames[last].keyEnd = position - 1
        skipWhitespace()
        guard peek() == UInt8(ascii: ":") else { throw syntax("needs \":\" after a name") }
        position += 1
        return key
    }

    /// Whether the array has another element, which has then to be read or skipped.
    package mutating func nextElement() throws(JSONError) -> Bool {
        try hasNext(closing: UInt8(ascii: "]"), expected: "\",\" or \"]\"")
    }

    /// Checks that nothing follows the text's one value.
    package mutating func finish() throws(JSONError) {
        skipWhitespace()
        guard position == bytes.count else { throw syntax("has more after its end") }
    }

    private mutating func enter(
        opening: UInt8, isObject: Bool, expected: StaticString
    ) throws(JSONError) {
        skipWhitespace()
        guard peek() == opening else { throw mismatch(expected) }
        guard frames.count < Self.maximumDepth else {
            throw syntax("nests deeper than \(Self.maximumDepth) levels")
        }
        position += 1
        frames.append(Frame(isObject: isObject))
    }

    private mutating func hasNext(
        closing: UInt8, expected: StaticString
    ) throws(JSONError) -> Bool {
        skipWhitespace()
        let last = frames.count - 1
        if peek() == closing {
            position += 1
            frames.removeLast()
            return false
        }
        if frames[last].count > 0 {
            guard peek() == UInt8(ascii: ",") else { throw syntax("needs \(expected) here") }
            position += 1
            skipWhitespace()
        }
        frames[last].count += 1
        frames[last].keyEnd = frames[last].keyStart
        return true
    }

    /// The byte at the position, or 0, which no JSON text contains outside of nothing, at the end.
    @inline(__always) func peek() -> UInt8 { position < bytes.count ? bytes[position] : 0 }

    @inline(__always) mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }
}
