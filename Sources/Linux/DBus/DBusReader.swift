/// Takes values out of D-Bus's wire format (D-Bus Specification, § Marshaling).
///
/// Nothing outside of the bytes is ever read: a length that does not fit is an error.
struct DBusReader {
    private let bytes: [UInt8]
    private let isBigEndian: Bool
    private(set) var position: Int

    init(_ bytes: [UInt8], isBigEndian: Bool, from position: Int) {
        self.bytes = bytes
        self.isBigEndian = isBigEndian
        self.position = position
    }

    /// Reads the values of a signature.
    mutating func read(signature: Substring) throws(DBusError) -> [DBusValue] {
        guard let types = DBusSignature.types(of: signature) else {
            throw .malformed("\"\(signature)\" is no signature")
        }
        var values: [DBusValue] = []
        for type in types { values.append(try read(type: type, depth: 0)) }
        return values
    }

    /// Moves on to a multiple of so many bytes.
    mutating func align(to alignment: Int) throws(DBusError) {
        _ = try take((alignment - position % alignment) % alignment)
    }

    private mutating func read(type: Substring, depth: Int) throws(DBusError) -> DBusValue {
        guard depth < 64 else { throw .malformed("values are nested too deeply") }
        switch type.first {
        case "y": return .byte(try number())
        case "b": return .boolean(try number() as UInt32 != 0)
        case "n": return .int16(try number())
        case "q": return .uint16(try number())
        case "i", "h": return .int32(try number())
        case "u": return .uint32(try number())
        case "x": return .int64(try number())
        case "t": return .uint64(try number())
        case "d": return .double(Double(bitPattern: try number()))
        case "s": return .string(try text(lengthInBytes: Int(try number() as UInt32)))
        case "o": return .objectPath(try text(lengthInBytes: Int(try number() as UInt32)))
        case "g": return .signature(try text(lengthInBytes: Int(try number() as UInt8)))
        case "a": return try array(of: type.dropFirst(), depth: depth)
        case "(", "{": return try structure(type, depth: depth)
        case "v":
            let inner = try text(lengthInBytes: Int(try number() as UInt8))
            guard let types = DBusSignature.types(of: inner[...]), types.count == 1 else {
                throw .malformed("a variant has the type \"\(inner)\"")
            }
            return .variant(try read(type: types[0], depth: depth + 1))
        default: throw .malformed("there is no type \"\(type)\"")
        }
    }

    private mutating func array(of type: Substring, depth: Int) throws(DBusError) -> DBusValue {
        let length = Int(try number() as UInt32)
        try align(to: DBusSignature.alignment(of: type))
        let end = position + length
        guard end <= bytes.count else { throw .malformed("an array is longer than its message") }
        var elements: [DBusValue] = []
        while position < end { elements.append(try read(type: type, depth: depth + 1)) }
        guard position == end else { throw .malformed("an array's length is not its elements'") }
        return .array(elements, of: String(type))
    }

    private mutating func structure(
        _ type: Substring, depth: Int
    ) throws(DBusError) -> DBusValue {
        try align(to: 8)
        var members: [DBusValue] = []
        for member in DBusSignature.types(of: type.dropFirst().dropLast()) ?? [] {
            members.append(try read(type: member, depth: depth + 1))
        }
        return .structure(members)
    }

    private mutating func number<Number: FixedWidthInteger>() throws(DBusError) -> Number {
        let size = MemoryLayout<Number>.size
        try align(to: size)
        let raw = try take(size).withUnsafeBytes { $0.loadUnaligned(as: Number.self) }
        return isBigEndian ? Number(bigEndian: raw) : Number(littleEndian: raw)
    }

    private mutating func text(lengthInBytes: Int) throws(DBusError) -> String {
        let text = String(decoding: try take(lengthInBytes), as: UTF8.self)
        guard try take(1).first == 0 else { throw .malformed("a string does not end with 0") }
        return text
    }

    private mutating func take(_ count: Int) throws(DBusError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else {
            throw .malformed("a message ends in the middle of a value")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }
}
