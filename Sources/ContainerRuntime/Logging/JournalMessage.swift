/// A message of the journal's native protocol: fields, of which those with line breaks have their
/// length before them (<https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>).
package enum JournalMessage {
    /// The socket that journald receives at.
    package static let socket = "/run/systemd/journal/socket"

    /// The datagram of an entry.
    ///
    /// - Parameters:
    ///   - text: the entry, with or without its newline.
    ///   - stream: errors have the priority 3, all else 6, as with Docker.
    ///   - fields: what each message of the container says.
    /// - Returns: the datagram.
    package static func datagram(
        _ text: ArraySlice<UInt8>, of stream: LogStream, _ fields: [String: String]
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        let isWhole = text.last == UInt8(ascii: "\n")
        append("MESSAGE", isWhole ? text.dropLast() : text, to: &bytes)
        append("PRIORITY", Array((stream == .error ? "3" : "6").utf8)[...], to: &bytes)
        if !isWhole { append("CONTAINER_PARTIAL_MESSAGE", Array("true".utf8)[...], to: &bytes) }
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            append(name, Array(value.utf8)[...], to: &bytes)
        }
        return bytes
    }

    private static func append(
        _ name: String, _ value: ArraySlice<UInt8>, to bytes: inout [UInt8]
    ) {
        bytes += name.utf8
        if value.contains(UInt8(ascii: "\n")) {
            bytes.append(UInt8(ascii: "\n"))
            let length = UInt64(value.count)
            for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: length >> (shift * 8))) }
        } else {
            bytes.append(UInt8(ascii: "="))
        }
        bytes += value
        bytes.append(UInt8(ascii: "\n"))
    }

    /// A field's name of a label's or variable's: capitals, digits and `_`, beginning with a letter;
    /// nil where nothing is left.
    package static func fieldName(_ text: String) -> String? {
        let letters = text.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 32
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
            default: UInt8(ascii: "_")
            }
        }
        let name = letters.drop { !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }.prefix(64)
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }
}
