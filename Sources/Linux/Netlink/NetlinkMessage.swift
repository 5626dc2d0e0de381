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

    /// Appends an attribute with a text that ends with 0: `struct rtattr`, padded to four bytes.
    mutating func appendAttribute(type: UInt16, text: String) {
        let content = Array(text.utf8) + [0]
        append(UInt16(4 + content.count))
        append(type)
        bytes += content
        while bytes.count % 4 != 0 { bytes.append(0) }
        updateLength()
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
