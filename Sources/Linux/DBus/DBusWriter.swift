/// Puts values into D-Bus's wire format, little-endian (D-Bus Specification, § Marshaling).
struct DBusWriter {
    private(set) var bytes: [UInt8] = []

    /// Appends a value at its alignment, which counts from the first byte.
    mutating func write(_ value: DBusValue) {
        switch value {
        case .byte(let number): bytes.append(number)
        case .boolean(let isTrue): write(number: UInt32(isTrue ? 1 : 0))
        case .int16(let number): write(number: number)
        case .uint16(let number): write(number: number)
        case .int32(let number): write(number: number)
        case .uint32(let number): write(number: number)
        case .int64(let number): write(number: number)
        case .uint64(let number): write(number: number)
        case .double(let number): write(number: number.bitPattern)
        case .string(let text), .objectPath(let text):
            write(number: UInt32(text.utf8.count))
            write(terminated: text)
        case .signature(let text):
            bytes.append(UInt8(text.utf8.count))
            write(terminated: text)
        case .array(let elements, let type): write(elements, of: type)
        case .structure(let members):
            align(to: 8)
            for member in members { write(member) }
        case .variant(let value):
            write(.signature(value.signature))
            write(value)
        }
    }

    /// Appends zeros up to a multiple of so many bytes.
    mutating func align(to alignment: Int) {
        while bytes.count % alignment != 0 { bytes.append(0) }
    }

    /// Appends bytes that are in the wire format already.
    mutating func append(_ marshalled: [UInt8]) { bytes += marshalled }

    private mutating func write<Number: FixedWidthInteger>(number: Number) {
        align(to: MemoryLayout<Number>.size)
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }

    private mutating func write(terminated text: String) {
        bytes += text.utf8
        bytes.append(0)
    }

    /// The length counts the elements without the padding before the first.
    private mutating func write(_ elements: [DBusValue], of type: String) {
        write(number: UInt32(0))
        let lengthEnd = bytes.count
        align(to: DBusSignature.alignment(of: type[...]))
        let start = bytes.count
        for element in elements { write(element) }
        let length = UInt32(bytes.count - start)
        withUnsafeBytes(of: length.littleEndian) {
            bytes.replaceSubrange(lengthEnd - 4..<lengthEnd, with: $0)
        }
    }
}
