/// The name of an object's member, valid while its text is.
///
/// A member's name is compared far more often than it is kept, so it stays a range of the text
/// unless it has escapes: `switch key { case "path": … }` compares bytes.
package struct JSONKey {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let decoded: String?

    init(plain bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        self.decoded = nil
    }

    init(decoded: String) {
        self.bytes = UnsafeBufferPointer(start: nil, count: 0)
        self.decoded = decoded
    }

    /// The name as a string of its own.
    package var string: String { decoded ?? String(decoding: bytes, as: UTF8.self) }

    /// Compares a name with a literal, for `switch`.
    package static func ~= (literal: StaticString, key: JSONKey) -> Bool {
        if let decoded = key.decoded { return decoded == literal.description }
        let count = literal.utf8CodeUnitCount
        guard key.bytes.count == count else { return false }
        let start = literal.utf8Start
        for index in 0..<count where key.bytes[index] != start[index] { return false }
        return true
    }
}
