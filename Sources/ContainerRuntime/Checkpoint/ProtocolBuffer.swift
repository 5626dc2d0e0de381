/// Writes a message in the wire format of protocol buffers (protobuf.dev, "Encoding").
struct ProtocolBufferWriter {
    private(set) var bytes: [UInt8] = []

    /// Writes a number: an integer, an enumeration's, or a flag.
    mutating func add(_ field: UInt64, _ number: Int64) {
        append(field << 3)
        append(UInt64(bitPattern: number))
    }

    mutating func add(_ field: UInt64, _ flag: Bool) { add(field, flag ? 1 : 0) }

    mutating func add(_ field: UInt64, _ text: String) { add(field, bytes: Array(text.utf8)) }

    /// Writes a message within this one.
    mutating func add(_ field: UInt64, _ message: ProtocolBufferWriter) {
        add(field, bytes: message.bytes)
    }

    private mutating func add(_ field: UInt64, bytes content: [UInt8]) {
        append(field << 3 | 2)
        append(UInt64(content.count))
        bytes += content
    }

    /// A number in base 128, lowest digits first.
    private mutating func append(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

/// Reads a message in the wire format of protocol buffers, field by field.
struct ProtocolBufferReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) { rest = ArraySlice(bytes) }

    /// One field of a message.
    struct Field {
        let number: UInt64
        let value: Value
    }

    enum Value {
        case number(UInt64)
        case bytes([UInt8])

        var number: Int64? {
            if case .number(let bits) = self { Int64(bitPattern: bits) } else { nil }
        }

        var text: String? {
            if case .bytes(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil }
        }

        var message: ProtocolBufferReader? {
            if case .bytes(let bytes) = self { ProtocolBufferReader(bytes) } else { nil }
        }
    }

    /// The next field; nil at the end, and where what follows is none.
    mutating func next() -> Field? {
        guard let key = takeNumber() else { return nil }
        switch key & 7 {
        case 0: return takeNumber().map { Field(number: key >> 3, value: .number($0)) }
        case 1: return take(8).map { Field(number: key >> 3, value: .bytes($0)) }
        case 2:
            guard let length = takeNumber(), length <= UInt64(rest.count) else { return nil }
            return take(Int(length)).map { Field(number: key >> 3, value: .bytes($0)) }
        case 5: return take(4).map { Field(number: key >> 3, value: .bytes($0)) }
        default: return nil
        }
    }

    private mutating func take(_ count: Int) -> [UInt8]? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    private mutating func takeNumber() -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            number |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return number }
        }
        return nil
    }
}
