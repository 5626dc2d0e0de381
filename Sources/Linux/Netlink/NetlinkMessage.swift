/// A message to the kernel in its netlink format (`netlink(7)`): a header, a body, attributes.
struct NetlinkMessage {
    /// The message so far; the header's length is right after every append.
    private(set) var bytes: [UInt8] = []

    /// What the header asks for.
    struct Flags: OptionSet {
        let rawValue: UInt16
        /// `NLM_F_REQUEST`.
        static let request = Flags(rawValue: 0x1)
        /// `NLM_F_ACK`.
        static let acknowledge = Flags(rawValue: 0x4)
        /// `NLM_F_DUMP`: all that there is.
        static let dump = Flags(rawValue: 0x300)
        /// `NLM_F_EXCL`: it must be new.
        static let exclusive = Flags(rawValue: 0x200)
        /// `NLM_F_CREATE`.
        static let create = Flags(rawValue: 0x400)
    }

    /// Begins a message: `struct nlmsghdr`.
    init(type: UInt16, flags: Flags) {
        append(UInt32(16))  // nlmsg_len
        append(type)
        append(flags.rawValue)
        append(UInt32(1))  // nlmsg_seq: one message, one answer
        append(UInt32(0))  // nlmsg_pid: the kernel fills it in
    }

    /// Appends a number in the machine's byte order.
    mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
        updateLength()
    }

    /// Appends an attribute with a text, which ends with 0.
    mutating func appendAttribute(type: UInt16, text: String) {
        appendAttribute(type: type, bytes: Array(text.utf8) + [0])
    }

    /// Appends an attribute of bytes: `struct rtattr`, padded to four bytes.
    mutating func appendAttribute(type: UInt16, bytes content: [UInt8]) {
        append(UInt16(4 + content.count))
        append(type)
        bytes += content
        while bytes.count % 4 != 0 { bytes.append(0) }
        updateLength()
    }

    /// Appends `struct ifinfomsg`: which interface, and which of its `IFF_…` flags change to what.
    mutating func appendInterfaceInformation(index: Int32, flags: UInt32, change: UInt32) {
        append(UInt8(0))  // ifi_family: AF_UNSPEC
        append(UInt8(0))
        append(UInt16(0))  // ifi_type
        append(index)
        append(flags)
        append(change)
    }

    /// The code of an acknowledgement: 0, or an errno below 0; nil where it is no `NLMSG_ERROR`.
    static func errorCode(in answer: ArraySlice<UInt8>) -> Int32? {
        let answer = Array(answer)
        guard answer.count >= 20 else { return nil }
        return answer.withUnsafeBytes { buffer in
            let type = buffer.loadUnaligned(fromByteOffset: 4, as: UInt16.self)
            guard type == 2 else { return nil }  // NLMSG_ERROR
            return buffer.loadUnaligned(fromByteOffset: 16, as: Int32.self)
        }
    }

    private mutating func updateLength() {
        guard bytes.count >= 16 else { return }
        let length = UInt32(bytes.count)
        withUnsafeBytes(of: length) { bytes.replaceSubrange(0..<4, with: $0) }
    }
}
