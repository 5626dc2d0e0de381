/// Cuts a stream into the entries of a log.
///
/// An entry ends with its newline; a longer line than 16 KiB is kept in parts, of which only the
/// last has the newline, as Docker's drivers do it.
package struct LogLines: Sendable {
    private var rest: [UInt8] = []

    package init() {}

    /// The most bytes that one entry holds.
    package static let maximumInBytes = 16 * 1024

    /// Takes bytes of the stream, and hands each entry that is complete to `body`.
    package mutating func take(_ bytes: [UInt8], _ body: (ArraySlice<UInt8>) -> Void) {
        var start = 0
        for (index, byte) in bytes.enumerated() {
            let isFull = rest.count + index - start + 1 >= Self.maximumInBytes
            guard byte == UInt8(ascii: "\n") || isFull else { continue }
            if rest.isEmpty {
                body(bytes[start...index])
            } else {
                rest += bytes[start...index]
                body(rest[...])
                rest.removeAll()
            }
            start = index + 1
        }
        rest += bytes[start...]
    }

    /// Ends the stream: what is left becomes an entry without a newline.
    package mutating func finish(_ body: (ArraySlice<UInt8>) -> Void) {
        if !rest.isEmpty { body(rest[...]) }
        rest.removeAll()
    }
}
