/// Messages of the kernel in its netlink format, taken apart (`netlink(7)`, `rtnetlink(7)`).
@usableFromInline
package struct NetlinkReader {
    private let bytes: [UInt8]
    private var position = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// One message: its type and what follows the header.
    @usableFromInline
    package struct Message {
        package let type: UInt16
        /// The number of the message that it answers.
        package let sequence: UInt32
        fileprivate let body: ArraySlice<UInt8>

        /// What an `NLMSG_ERROR` says: 0, or an errno below 0; nil for every other message.
        package var errorCode: Int32? { type == 2 ? number(at: 0, as: Int32.self) : nil }

        /// A number in the body, in the machine's byte order.
        ///
        /// It is inlinable so that no caller looks up at run time what kind of number it wants.
        @inlinable
        package func number<Number: FixedWidthInteger>(
            at offset: Int, as type: Number.Type
        ) -> Number? {
            var number = Number.zero
            let isThere = withUnsafeMutableBytes(of: &number) { copy(from: offset, to: $0) }
            return isThere ? number : nil
        }

        /// Fills memory from the body; false where that is too short.
        @usableFromInline
        package func copy(from offset: Int, to memory: UnsafeMutableRawBufferPointer) -> Bool {
            guard body.count >= offset + memory.count else { return false }
            body.withUnsafeBytes {
                memory.copyMemory(from: .init(rebasing: $0.dropFirst(offset).prefix(memory.count)))
            }
            return true
        }

        /// The attributes after a structure of this size: `struct rtattr`, padded to four bytes.
        package func attributes(after size: Int) -> [UInt16: [UInt8]] {
            var attributes: [UInt16: [UInt8]] = [:]
            for attribute in NetlinkReader.attributes(in: body.dropFirst(size)) {
                attributes[attribute.type] = attribute.content
            }
            return attributes
        }
    }

    /// One attribute.
    package struct Attribute {
        package let type: UInt16
        package let content: [UInt8]
    }

    /// The attributes in a row of them, such as the content of a nested one.
    package static func attributes(in bytes: ArraySlice<UInt8>) -> [Attribute] {
        var attributes: [Attribute] = []
        var rest = bytes
        while let length: UInt16 = number(in: rest, at: 0),
            let type: UInt16 = number(in: rest, at: 2), length >= 4, Int(length) <= rest.count
        {
            let content = Array(rest.dropFirst(4).prefix(Int(length) - 4))
            attributes.append(Attribute(type: type & 0x3fff, content: content))
            rest = rest.dropFirst((Int(length) + 3) & ~3)
        }
        return attributes
    }

    /// The next message; nil at the end, and where what follows is none.
    package mutating func next() -> Message? {
        let rest = bytes[position...]
        guard let length: UInt32 = Self.number(in: rest, at: 0),
            let type: UInt16 = Self.number(in: rest, at: 4),
            let sequence: UInt32 = Self.number(in: rest, at: 8),
            length >= 16, Int(length) <= rest.count
        else { return nil }
        position += min((Int(length) + 3) & ~3, rest.count)
        return Message(
            type: type, sequence: sequence, body: rest.dropFirst(16).prefix(Int(length) - 16))
    }

    private static func number<Number: FixedWidthInteger>(
        in bytes: ArraySlice<UInt8>, at offset: Int
    ) -> Number? {
        let size = MemoryLayout<Number>.size
        guard bytes.count >= offset + size else { return nil }
        return bytes.dropFirst(offset).withUnsafeBytes { $0.loadUnaligned(as: Number.self) }
    }
}
