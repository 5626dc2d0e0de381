package import Linux

/// Changes of nf_tables that happen all at once or not at all (`libnftnl`'s batch).
///
/// The messages are those that `nft` sends: `NFNL_MSG_BATCH_BEGIN`, one for each thing, and
/// `NFNL_MSG_BATCH_END`. Numbers in attributes are in the order of the network.
package struct FilterBatch: Sendable {
    private var messages: [NetlinkMessage] = []
    private let table: String

    /// Begins a batch about one table of the family `inet`.
    package init(table: String) {
        self.table = table
    }

    package var isEmpty: Bool { messages.isEmpty }

    /// Makes the table (`NFT_MSG_NEWTABLE`); that it is there already is no error.
    package mutating func addTable() {
        add(0, .create) { [table] in $0.appendAttribute(type: 1, text: table) }
    }

    /// Removes the table with everything in it (`NFT_MSG_DELTABLE`).
    package mutating func deleteTable() {
        add(2, []) { [table] in $0.appendAttribute(type: 1, text: table) }
    }

    /// Removes all rules of the table (`NFT_MSG_DELRULE`); chains and sets stay.
    package mutating func deleteRules() {
        add(8, []) { [table] in $0.appendAttribute(type: 1, text: table) }
    }

    /// Makes a chain (`NFT_MSG_NEWCHAIN`).
    package mutating func add(_ chain: FilterChain) {
        add(3, .create) { [table] message in
            message.appendAttribute(type: 1, text: table)
            message.appendAttribute(type: 3, text: chain.name)
            guard let base = chain.base else { return }
            message.appendNested(type: 4) { message in  // NFTA_CHAIN_HOOK
                message.appendAttribute(type: 1, number: UInt32(base.hook.rawValue).bigEndian)
                message.appendAttribute(type: 2, number: base.priority.bigEndian)
            }
            message.appendAttribute(type: 7, text: base.type.rawValue)
            message.appendAttribute(type: 5, number: UInt32(1).bigEndian)  // NF_ACCEPT
        }
    }

    /// Makes a set or a map (`NFT_MSG_NEWSET`).
    package mutating func add(_ set: FilterSet) {
        let number = UInt32(messages.count + 1)
        add(9, .create) { [table] message in
            message.appendAttribute(type: 1, text: table)
            message.appendAttribute(type: 2, text: set.name)
            message.appendAttribute(type: 3, number: set.flags.bigEndian)
            message.appendAttribute(type: 4, number: set.key.type.bigEndian)
            message.appendAttribute(type: 5, number: UInt32(set.key.length).bigEndian)
            if let value = set.value {
                message.appendAttribute(type: 6, number: value.type.bigEndian)
                message.appendAttribute(type: 7, number: UInt32(value.length).bigEndian)
            }
            if set.isConcatenatedInterval {
                message.appendNested(type: 9) { message in  // NFTA_SET_DESC
                    message.appendNested(type: 2) { message in  // NFTA_SET_DESC_CONCAT
                        for field in set.key.fields {
                            message.appendNested(type: 1) { message in
                                // NFTA_SET_FIELD_LEN
                                message.appendAttribute(
                                    type: 1, number: UInt32(field.length).bigEndian)
                            }
                        }
                    }
                }
            }
            message.appendAttribute(type: 10, number: number.bigEndian)  // NFTA_SET_ID
            if set.key.fields == [.interfaceName] {
                // NFTA_SET_USERDATA for `nft list`: NFTNL_UDATA_SET_KEYBYTEORDER, of the host.
                message.appendAttribute(type: 13, bytes: [0, 4, 1, 0, 0, 0])
            }
        }
    }

    /// Appends a rule to a chain (`NFT_MSG_NEWRULE`).
    package mutating func addRule(to chain: String, _ expressions: [FilterExpression]) {
        add(6, [.create, .append]) { [table] message in
            message.appendAttribute(type: 1, text: table)
            message.appendAttribute(type: 2, text: chain)
            message.appendNested(type: 4) { message in  // NFTA_RULE_EXPRESSIONS
                for expression in expressions {
                    message.appendNested(type: 1) { expression.write(to: &$0) }
                }
            }
        }
    }

    /// Adds elements to a set (`NFT_MSG_NEWSETELEM`); those that are there already stay.
    package mutating func add(_ elements: [FilterElement], to set: String) {
        change(12, .create, elements, of: set)
    }

    /// Adds elements that must not be there yet: EEXIST otherwise.
    package mutating func addNew(_ elements: [FilterElement], to set: String) {
        change(12, [.create, .exclusive], elements, of: set)
    }

    /// Removes elements of a set (`NFT_MSG_DELSETELEM`); ENOENT where one is not there.
    package mutating func remove(_ elements: [FilterElement], from set: String) {
        change(14, [], elements, of: set)
    }

    private mutating func change(
        _ type: UInt16, _ flags: NetlinkMessage.Flags, _ elements: [FilterElement], of set: String
    ) {
        // The length of an attribute has 16 bits.
        var rest = elements[...]
        while !rest.isEmpty {
            let part = rest.prefix(200)
            rest = rest.dropFirst(200)
            add(type, flags) { [table] message in
                message.appendAttribute(type: 1, text: table)
                message.appendAttribute(type: 2, text: set)
                message.appendNested(type: 3) { message in
                    for element in part { message.appendNested(type: 1) { element.write(to: &$0) } }
                }
            }
        }
    }

    private mutating func add(
        _ type: UInt16, _ flags: NetlinkMessage.Flags, _ body: (inout NetlinkMessage) -> Void
    ) {
        var message = NetlinkMessage(type: FilterBatch.subsystem << 8 | type, flags: flags)
        message.insert(.request)
        message.append(FilterBatch.family)
        message.append(UInt8(0))  // NFNETLINK_V0
        message.append(UInt16(0))
        body(&message)
        messages.append(message)
    }

    /// The batch as the kernel takes it; it answers to the last message.
    package var bytes: [UInt8] {
        var all = [Self.border(0x10)] + messages + [Self.border(0x11)]
        if !messages.isEmpty { all[messages.count].insert(.acknowledge) }
        var bytes: [UInt8] = []
        for (index, var message) in all.enumerated() {
            message.sequence = UInt32(index)
            bytes += message.bytes
        }
        return bytes
    }

    /// Does it all, or nothing.
    package func commit(
        over socket: borrowing NetlinkSocket, _ subject: @autoclosure () -> String
    ) throws(SystemCallError) {
        guard !isEmpty else { return }
        try socket.commit(batch: bytes, subject())
    }

    /// `NFNL_MSG_BATCH_BEGIN` and `NFNL_MSG_BATCH_END`.
    private static func border(_ type: UInt16) -> NetlinkMessage {
        var message = NetlinkMessage(type: type, flags: .request)
        message.append(UInt8(0))  // AF_UNSPEC
        message.append(UInt8(0))
        message.append(subsystem.bigEndian)
        return message
    }

    /// `NFNL_SUBSYS_NFTABLES`.
    static let subsystem: UInt16 = 10
    /// `NFPROTO_INET`.
    static let family: UInt8 = 1
}

/// A chain of rules; one with a base is where packets come in.
package struct FilterChain: Sendable {
    package var name: String
    package var base: Base?

    package init(_ name: String, _ base: Base? = nil) {
        self.name = name
        self.base = base
    }

    /// Where the kernel hands packets to a chain.
    package struct Base: Sendable {
        package var type: ChainType
        package var hook: Hook
        /// Chains of lower ones come first.
        package var priority: Int32

        package init(_ type: ChainType, _ hook: Hook, priority: Int32) {
            self.type = type
            self.hook = hook
            self.priority = priority
        }
    }

    package enum ChainType: String, Sendable {
        case filter
        case nat
    }

    /// `NF_INET_…`.
    package enum Hook: UInt8, Sendable {
        case prerouting = 0
        case input = 1
        case forward = 2
        case output = 3
        case postrouting = 4
    }
}
