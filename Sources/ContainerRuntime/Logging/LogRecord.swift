import OCI

/// One entry of a log file, as the monitor writes it and `logs` reads it.
package struct LogRecord: Sendable, Equatable {
    package var stream: LogStream
    package var nanosecondsSinceEpoch: Int64
    /// The bytes as the program wrote them, with the line's end.
    package var text: [UInt8]

    package init(stream: LogStream, nanosecondsSinceEpoch: Int64, text: [UInt8]) {
        self.stream = stream
        self.nanosecondsSinceEpoch = nanosecondsSinceEpoch
        self.text = text
    }

    /// The bytes before each entry of the compact format: the entry's length behind them (32 bits),
    /// the time in nanoseconds (64 bits), both with the low byte first, and 1 or 2 for the stream.
    package static let headInBytes = 13

    /// Appends an entry in the compact format.
    package static func append(
        _ text: ArraySlice<UInt8>, of stream: LogStream, at nanoseconds: Int64,
        to bytes: inout [UInt8]
    ) {
        let length = UInt32(text.count)
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: nanoseconds >> (shift * 8))) }
        bytes.append(stream == .output ? 1 : 2)
        bytes += text
    }

    /// Takes the first entry of the compact format away.
    ///
    /// - Returns: nil where no whole entry is there yet.
    /// - Throws: ``Damage`` where what is there is none.
    package static func take(_ bytes: inout ArraySlice<UInt8>) throws(Damage) -> LogRecord? {
        guard bytes.count >= headInBytes else { return nil }
        let start = bytes.startIndex
        let length = (0..<4).reduce(0) { $0 | Int(bytes[start + $1]) << ($1 * 8) }
        let time = (0..<8).reduce(Int64(0)) { $0 | Int64(bytes[start + 4 + $1]) << ($1 * 8) }
        guard length > 0, length <= LogLines.maximumInBytes,
            let stream: LogStream = [1: .output, 2: .error][bytes[start + 12]]
        else { throw Damage() }
        guard bytes.count >= headInBytes + length else { return nil }
        let text = bytes[(start + headInBytes)..<(start + headInBytes + length)]
        bytes = bytes[(start + headInBytes + length)...]
        return LogRecord(stream: stream, nanosecondsSinceEpoch: time, text: Array(text))
    }

    /// The bytes are no entry, as after a power cut.
    package struct Damage: Error {}

    /// Appends an entry as a line of Docker's `json-file`.
    ///
    /// - Parameters:
    ///   - text: the entry.
    ///   - stream: where it comes from.
    ///   - time: RFC 3339.
    ///   - attributes: the member `attrs` as JSON; empty for none.
    ///   - bytes: where it is appended.
    package static func appendJSON(
        _ text: ArraySlice<UInt8>, of stream: LogStream, at time: String, attributes: [UInt8],
        to bytes: inout [UInt8]
    ) {
        var json = JSONWriter(.compact)
        json.beginObject()
        json.member("log", String(decoding: text, as: UTF8.self))
        json.member("stream", stream.rawValue)
        json.endObject()
        // Behind these, in Docker's order: the attributes, then the time.
        bytes += json.bytes.dropLast()
        if !attributes.isEmpty { bytes += Array(",\"attrs\":".utf8) + attributes }
        bytes += Array(",\"time\":\"\(time)\"}\n".utf8)
    }
}
