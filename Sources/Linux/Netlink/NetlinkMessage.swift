/// A message to the kernel in its netlink format (`netlink(7)`): a header, a body, attributes.
@usableFromInline
package struct NetlinkMessage: Sendable {
    /// The message so far; the header's length is right after every append.
    package private(set) var bytes: [UInt8] = []

    /// What the header asks for.
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        /// All of them; the generic initializer would look up conformances at run time.
        package init(arrayLiteral flags: Flags...) {
            var bits: UInt16 = 0
            for flag in flags { bits |= flag.rawValue }
            rawValue = bits
        }

        /// `NLM_F_REQUEST`.
        package static let request = Flags(rawValue: 0x1)
        /// `NLM_F_ACK`.
        package static let acknowledge = Flags(rawValue: 0x4)
        /// `NLM_F_DUMP`: all that there is.
        package static let dump = Flags(rawValue: 0x300)
        /// `NLM_F_REPLACE`: in the place of what there is.
        package static let replace = Flags(rawValue: 0x100)
        /// `NLM_F_EXCL`: it must be new.
        package static let exclusive = Flags(rawValue: 0x200)
        /// `NLM_F_CREATE`.
        package static let create = Flags(rawValue: 0x400)
        /// `NLM_F_APPEND`: behind what there is.
        package static let append = Flags(rawValue: 0x800)
    }

    /// Begins a message: `struct nlmsghdr`.
    package init(type: UInt16, flags: Flags) {
        append(UInt32(16))  // nlmsg_len
        append(type)
        append(flags.rawValue)
        append(UInt32(1))  // nlmsg_seq: one message, one answer
        append(UInt32(0))  // nlmsg_pid: the kernel fills it in
    }

    /// The number that answers to this message have, too (`nlmsg_seq`).
    package var sequence: UInt32 {
        get { bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 8, as: UInt32.self) } }
        set { withUnsafeBytes(of: newValue) { bytes.replaceSubrange(8..<12, with: $0) } }
    }

    /// Asks for more than the message was begun with.
    package mutating func insert(_ flags: Flags) {
        let all = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 6, as: UInt16.self) }
        withUnsafeBytes(of: all | flags.rawValue) { bytes.replaceSubrange(6..<8, with: $0) }
    }

    /// Appends a number in the machine's byte order.
    ///
    /// It is inlinable so that no caller looks up at run time what kind of number it has.
    @inlinable
    package mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value) { append(raw: $0) }
    }

    /// Appends bytes as they are.
    @usableFromInline
    package mutating func append(raw content: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: content)
        updateLength()
    }

    /// Appends an attribute with a text, which ends with 0.
    package mutating func appendAttribute(type: UInt16, text: String) {
        appendAttribute(type: type, bytes: Array(text.utf8) + [0])
    }

    /// Appends an attribute with a number in the machine's byte order.
    @inlinable
    package mutating func appendAttribute(type: UInt16, number: some FixedWidthInteger) {
        appendAttribute(type: type, bytes: withUnsafeBytes(of: number) { Array($0) })
    }

    /// Appends an attribute of bytes: `struct rtattr`, padded to four bytes.
    @usableFromInline
    package mutating func appendAttribute(type: UInt16, bytes content: [UInt8]) {
        append(UInt16(4 + content.count))
        append(type)
        bytes += content
        while bytes.count % 4 != 0 { bytes.append(0) }
        updateLength()
    }

    /// Appends an attribute that holds attributes (`NLA_F_NESTED`).
    package mutating func appendNested(
        type: UInt16, _ content: (inout NetlinkMessage) -> Void
    ) {
        let start = bytes.count
        append(UInt16(4))
        append(type | 0x8000)
        content(&self)
        let length = UInt16(bytes.count - start)
        withUnsafeBytes(of: length) { bytes.replaceSubrange(start..<start + 2, with: $0) }
    }

    /// Appends `struct ifinfomsg`: which interface, and which of its `IFF_…` flags change to what.
    package mutating func appendInterfaceInformation(index: Int32, flags: UInt32, change: UInt32) {
        append(UInt8(0))  // ifi_family: AF_UNSPEC
        append(UInt8(0))
        append(UInt16(0))  // ifi_type
        append(index)
        append(flags)
        append(change)
    }

    /// The code of an acknowledgement: 0, or an errno below 0; nil where it is no `NLMSG_ERROR`.
    static func errorCode(in answer: ArraySlice<UInt8>) -> Int32? {
        var reader = NetlinkReader(Array(answer))
        return reader.next()?.errorCode
    }

    private mutating func updateLength() {
        guard bytes.count >= 16 else { return }
        let length = UInt32(bytes.count)
        withUnsafeBytes(of: length) { bytes.replaceSubrange(0..<4, with: $0) }
    }
}
