/// Messages of the kernel in its netlink format, taken apart (`netlink(7)`, `rtnetlink(7)`).
struct NetlinkReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// One message: its type and what follows the header.
    struct Message {
        let type: UInt16
        fileprivate let body: ArraySlice<UInt8>

        /// A number in the body, in the machine's byte order.
        func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Number? {
            NetlinkReader.number(in: body, at: offset)
        }

        /// The attributes after a structure of this size: `struct rtattr`, padded to four bytes.
        func attributes(after size: Int) -> [UInt16: [UInt8]] {
            var attributes: [UInt16: [UInt8]] = [:]
            var rest = body.dropFirst(size)
            while let length: UInt16 = NetlinkReader.number(in: rest, at: 0),
                let type: UInt16 = NetlinkReader.number(in: rest, at: 2),
                length >= 4, Int(length) <= rest.count
            {
                attributes[type & 0x3fff] = Array(rest.dropFirst(4).prefix(Int(length) - 4))
                rest = rest.dropFirst((Int(length) + 3) & ~3)
            }
            return attributes
        }
    }

    /// The next message; nil at the end, and where what follows is none.
    mutating func next() -> Message? {
        let rest = bytes[position...]
        guard let length: UInt32 = Self.number(in: rest, at: 0),
            let type: UInt16 = Self.number(in: rest, at: 4),
            length >= 16, Int(length) <= rest.count
        else { return nil }
        position += min((Int(length) + 3) & ~3, rest.count)
        return Message(type: type, body: rest.dropFirst(16).prefix(Int(length) - 16))
    }

    private static func number<Number: FixedWidthInteger>(
        in bytes: ArraySlice<UInt8>, at offset: Int
    ) -> Number? {
        let size = MemoryLayout<Number>.size
        guard bytes.count >= offset + size else { return nil }
        return bytes.dropFirst(offset).withUnsafeBytes { $0.loadUnaligned(as: Number.self) }
    }
}
