import Linux

/// A part of a rule: loads something into a register, compares one, or decides (`nft(8)`).
///
/// Registers are of four bytes, numbered from 8 (`NFT_REG32_00`).
package enum FilterExpression: Sendable {
    /// Loads something of the packet's way: a protocol, the name of an interface.
    case meta(Meta, to: UInt32)
    /// Loads bytes of the packet.
    case payload(Header, offset: UInt32, length: UInt32, to: UInt32)
    /// Loads a value of the rule's own.
    case load([UInt8], to: UInt32)
    /// Writes a register into the packet, and makes the checksum at an offset right again.
    case write(Header, offset: UInt32, length: UInt32, checksum: UInt32, from: UInt32)
    /// Loads something that connection tracking knows.
    case connection(Connection, to: UInt32)
    /// Loads what kind of address the destination is here (`RTN_…`).
    case destinationKind(to: UInt32)
    /// Keeps bits of a register.
    case mask(UInt32, [UInt8])
    /// Goes on where a register has this value, or has not.
    case compare(UInt32, isEqual: Bool, [UInt8])
    /// Goes on where a set has the key in a register, or has not.
    case lookup(String, key: UInt32, isIncluded: Bool)
    /// Goes on where a map has the key in a register, with its value in another.
    case map(String, key: UInt32, to: UInt32)
    /// Changes the destination to the address and port in registers.
    case changeDestination(IPVersion, address: UInt32, port: UInt32)
    /// Changes the source to the address of the device that the packet leaves by.
    case masquerade
    /// Answers that nobody is there: a TCP reset.
    case resetConnection
    /// Decides.
    case verdict(Verdict)

    /// `NFT_META_…`.
    package enum Meta: UInt32, Sendable {
        case inputName = 6
        case outputName = 7
        case protocolFamily = 15
        case transport = 16
    }

    /// `NFT_PAYLOAD_…_HEADER`.
    package enum Header: UInt32, Sendable {
        case network = 1
        case transport = 2
    }

    /// `NFT_CT_…`.
    package enum Connection: UInt32, Sendable {
        case state = 0
        case status = 2
    }

    package enum Verdict: Sendable {
        case drop
        case accept
        case jump(String)
        case goBack
    }

    /// Writes the content of `NFTA_LIST_ELEM`: the name and what belongs to it.
    func write(to message: inout NetlinkMessage) {
        message.appendAttribute(type: 1, text: name)  // NFTA_EXPR_NAME
        message.appendNested(type: 2) { writeContent(to: &$0) }  // NFTA_EXPR_DATA
    }

    private var name: String {
        switch self {
        case .meta: "meta"
        case .payload, .write: "payload"
        case .connection: "ct"
        case .destinationKind: "fib"
        case .mask: "bitwise"
        case .compare: "cmp"
        case .lookup, .map: "lookup"
        case .changeDestination: "nat"
        case .masquerade: "masq"
        case .resetConnection: "reject"
        case .verdict, .load: "immediate"
        }
    }

    private func writeContent(to message: inout NetlinkMessage) {
        switch self {
        case .meta(let key, let register): numbers([(2, key.rawValue), (1, register)], &message)
        case .payload(let header, let offset, let length, let register):
            numbers([(1, register), (2, header.rawValue), (3, offset), (4, length)], &message)
        case .load(let value, let register):
            numbers([(1, register)], &message)
            message.appendNested(type: 2) { $0.appendAttribute(type: 1, bytes: value) }
        case .write(let header, let offset, let length, let checksum, let register):
            // NFTA_PAYLOAD_SREG, NFT_PAYLOAD_CSUM_INET
            numbers(
                [
                    (5, register), (2, header.rawValue), (3, offset), (4, length), (6, 1),
                    (7, checksum),
                ], &message)
        case .connection(let key, let register):
            numbers([(2, key.rawValue), (1, register)], &message)
        case .destinationKind(let register):
            // NFTA_FIB_F_DADDR, NFT_FIB_RESULT_ADDRTYPE
            numbers([(3, 2), (2, 3), (1, register)], &message)
        case .mask(let register, let mask):
            numbers([(1, register), (2, register), (3, UInt32(mask.count))], &message)
            message.appendNested(type: 4) { $0.appendAttribute(type: 1, bytes: mask) }
            message.appendNested(type: 5) {
                $0.appendAttribute(type: 1, bytes: [UInt8](repeating: 0, count: mask.count))
            }
        case .compare(let register, let isEqual, let value):
            numbers([(1, register), (2, isEqual ? 0 : 1)], &message)
            message.appendNested(type: 3) { $0.appendAttribute(type: 1, bytes: value) }
        case .lookup(let set, let register, let isIncluded):
            message.appendAttribute(type: 1, text: set)
            numbers([(2, register)] + (isIncluded ? [] : [(5, 1)]), &message)
        case .map(let map, let key, let register):
            message.appendAttribute(type: 1, text: map)
            numbers([(2, key), (3, register)], &message)
        case .changeDestination(let version, let address, let port):
            numbers(
                [(1, 1), (2, UInt32(version.family)), (3, address), (5, port)], &message)
        case .masquerade: break
        case .resetConnection: numbers([(1, 1)], &message)  // NFT_REJECT_TCP_RST
        case .verdict(let verdict):
            numbers([(1, 0)], &message)  // NFT_REG_VERDICT
            message.appendNested(type: 2) { message in
                message.appendNested(type: 2) { verdict.write(to: &$0) }
            }
        }
    }

    /// Attributes of numbers in the order of the network.
    private func numbers(_ pairs: [(UInt16, UInt32)], _ message: inout NetlinkMessage) {
        for (type, number) in pairs {
            message.appendAttribute(type: type, number: number.bigEndian)
        }
    }
}

extension FilterExpression.Verdict {
    /// Writes the content of `NFTA_DATA_VERDICT`.
    fileprivate func write(to message: inout NetlinkMessage) {
        let code: Int32 =
            switch self {
            case .drop: 0
            case .accept: 1
            case .jump: -3  // NFT_JUMP
            case .goBack: -5  // NFT_RETURN
            }
        message.appendAttribute(type: 1, number: code.bigEndian)
        if case .jump(let chain) = self { message.appendAttribute(type: 2, text: chain) }
    }
}
