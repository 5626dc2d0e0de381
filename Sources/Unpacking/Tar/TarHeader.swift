import Diagnostics
import Linux

/// One 512-byte header block: POSIX ustar, or GNU's older layout of the same fields.
struct TarHeader {
    let block: [UInt8]

    static let blockSize = 512

    /// Takes over a block whose checksum is right.
    init(_ block: [UInt8]) throws(Problem) {
        self.block = block
        guard let stored = Self.octal(block[148..<156]) else {
            throw malformed("a header has no checksum")
        }
        // Loops as plain as these the compiler turns into a few instructions.
        var sum: Int64 = 8 * 0x20  // the field itself counts as spaces
        var negative: Int64 = 0
        for byte in block {
            sum &+= Int64(byte)
            negative &+= Int64(byte >> 7)
        }
        for byte in block[148..<156] {
            sum &-= Int64(byte)
            negative &-= Int64(byte >> 7)
        }
        // Some old writers summed signed characters.
        guard stored == sum || stored == sum - negative * 256 else {
            throw malformed("the checksum of a header is wrong")
        }
    }

    var type: UInt8 { block[156] }
    var isGNU: Bool { block[257..<263].elementsEqual(Self.gnuMagic) }
    private var isUstar: Bool { block[257..<263].elementsEqual(Self.ustarMagic) }

    private static let gnuMagic = Array("ustar ".utf8)
    private static let ustarMagic = Array("ustar\0".utf8)

    /// The path, with the prefix of ustar.
    var name: [UInt8] {
        let name = text(0..<100)
        guard isUstar else { return name }
        let prefix = text(345..<500)
        return prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
    }
    var linkTarget: [UInt8] { text(157..<257) }

    /// The numeric field at a place, octal or base 256.
    ///
    /// - Throws: `.corrupt` when it is no number.
    func number(_ field: Field) throws(Problem) -> Int64 {
        let bytes = block[field.range]
        guard
            let value = bytes.first.map({ $0 & 0x80 != 0 }) == true
                ? Self.base256(bytes) : Self.octal(bytes)
        else {
            throw malformed("the \(field) of \(String(decoding: name, as: UTF8.self)) is no number")
        }
        return value
    }

    /// The numeric fields.
    enum Field {
        case mode, owner, group, size, modified, deviceMajor, deviceMinor, realSize

        var range: Range<Int> {
            switch self {
            case .mode: 100..<108
            case .owner: 108..<116
            case .group: 116..<124
            case .size: 124..<136
            case .modified: 136..<148
            case .deviceMajor: 329..<337
            case .deviceMinor: 337..<345
            case .realSize: 483..<495
            }
        }
    }

    /// The bytes of a field up to its first NUL.
    private func text(_ range: Range<Int>) -> [UInt8] { Array(block[range].prefix { $0 != 0 }) }

    /// Octal digits between spaces, ended by a space, NUL or the field's end; empty is 0.
    static func octal(_ bytes: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for byte in bytes.drop(while: { $0 == UInt8(ascii: " ") }) {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "7"):
                guard value < 1 << 59 else { return nil }
                value = value << 3 | Int64(byte - UInt8(ascii: "0"))
            case 0, UInt8(ascii: " "): return value
            default: return nil
            }
        }
        return value
    }

    /// GNU's binary numbers: the first bit is a mark, the rest two's complement.
    static func base256(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard let first = bytes.first else { return nil }
        let isNegative = first & 0x40 != 0
        var value: Int64 = isNegative ? -1 : 0
        for (index, byte) in bytes.enumerated() {
            let digit = index == 0 ? (isNegative ? byte | 0x80 : byte & 0x7F) : byte
            let (high, _) = (value >> 55, ())
            guard high == 0 || high == -1 else { return nil }
            value = value << 8 | Int64(digit)
        }
        return value
    }
}
