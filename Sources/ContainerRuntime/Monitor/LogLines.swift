import OCI

/// Cuts a stream into the lines of a log, as Docker's `json-file` driver keeps them.
///
/// A line ends with its newline; a longer one than 16 KiB is kept in parts, of which only the last
/// has the newline.
package struct LogLines: Sendable {
    /// The stream's name in the log: "stdout" or "stderr".
    package let stream: String
    private var rest: [UInt8] = []

    package init(stream: String) { self.stream = stream }

    /// The most bytes that one line of the log holds.
    package static let maximumInBytes = 16 * 1024

    /// Takes bytes of the stream.
    ///
    /// - Returns: the text of the complete log lines, each a JSON object and a newline.
    package mutating func take(_ bytes: [UInt8], at time: String) -> [UInt8] {
        var writer: [UInt8] = []
        var start = 0
        for (index, byte) in bytes.enumerated() {
            let isFull = rest.count + index - start + 1 >= Self.maximumInBytes
            guard byte == UInt8(ascii: "\n") || isFull else { continue }
            append(rest + bytes[start...index], at: time, to: &writer)
            rest.removeAll()
            start = index + 1
        }
        rest += bytes[start...]
        return writer
    }

    /// Ends the stream: what is left becomes a line without a newline.
    package mutating func finish(at time: String) -> [UInt8] {
        var writer: [UInt8] = []
        if !rest.isEmpty { append(rest, at: time, to: &writer) }
        rest.removeAll()
        return writer
    }

    private func append(_ line: [UInt8], at time: String, to text: inout [UInt8]) {
        var json = JSONWriter(.compact)
        json.beginObject()
        json.member("log", String(decoding: line, as: UTF8.self))
        json.member("stream", stream)
        json.member("time", time)
        json.endObject()
        text += json.bytes
        text.append(UInt8(ascii: "\n"))
    }
}
