import Linux

/// A set of keys in nf_tables, or a map of keys to values.
package struct FilterSet: Sendable {
    package var name: String
    package var key: FilterType
    /// nil for a set.
    package var value: FilterType?
    /// Whether its elements are ranges.
    package var isInterval: Bool

    package init(_ name: String, _ key: FilterType, value: FilterType?, isInterval: Bool) {
        self.name = name
        self.key = key
        self.value = value
        self.isInterval = isInterval
    }

    /// Whether ranges have several fields, which the kernel keeps in a structure of its own.
    var isConcatenatedInterval: Bool { isInterval && key.fields.count > 1 }

    /// `NFT_SET_INTERVAL`, `NFT_SET_MAP`, `NFT_SET_CONCAT`.
    var flags: UInt32 {
        (isInterval ? 0x4 : 0) | (value == nil ? 0 : 0x8) | (isConcatenatedInterval ? 0x80 : 0)
    }
}

/// The type of a key or a value: fields in a row, each padded to four bytes.
package struct FilterType: Sendable {
    let fields: [Field]

    package init(_ fields: Field...) { self.fields = fields }

    /// What `nft list` shows the field as, by its own number of the type.
    package enum Field: UInt32, Sendable {
        case protocolFamily = 2
        case ipv4Address = 7
        case ipv6Address = 8
        case transport = 12
        case port = 13
        case interfaceName = 41

        /// The bytes that the kernel compares.
        var length: Int {
            switch self {
            case .protocolFamily, .transport: 1
            case .port: 2
            case .ipv4Address: 4
            case .ipv6Address, .interfaceName: 16
            }
        }

        /// The bytes that it takes among others.
        var paddedLength: Int { (length + 3) & ~3 }
    }

    /// The number for `nft list`: six bits a field.
    var type: UInt32 { fields.reduce(0) { $0 << 6 | $1.rawValue } }

    /// The bytes of all fields.
    var length: Int {
        fields.count == 1 ? fields[0].length : fields.reduce(0) { $0 + $1.paddedLength }
    }
}

/// What one field of an element is.
package enum FilterField: Sendable, Hashable {
    case protocolFamily(IPVersion)
    case address(IPAddress)
    case transport(Transport)
    case port(UInt16)
    case interfaceName(String)

    var bytes: [UInt8] {
        switch self {
        case .protocolFamily(let version): [version.family]
        case .address(let address): address.bytes
        case .transport(let transport): [transport.number]
        case .port(let port): [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)]
        case .interfaceName(let name):
            Array(name.utf8) + [UInt8](repeating: 0, count: max(0, 16 - name.utf8.count))
        }
    }
}

/// An element of a set or a map.
package struct FilterElement: Sendable, Hashable {
    private let key: [UInt8]
    /// The last key of a range of several fields.
    private var keyEnd: [UInt8]?
    private(set) var value: [UInt8]?
    /// Whether the range that the element before it began ends here.
    private var endsInterval = false

    package init(_ fields: [FilterField], value: [FilterField]?) {
        key = Self.bytes(of: fields)
        self.value = value.map(Self.bytes)
    }

    /// The addresses of a subnet, together with other fields.
    package init(_ subnet: Subnet, _ others: [FilterField]) {
        key = Self.bytes(of: [.address(subnet.base)] + others)
        keyEnd = Self.bytes(of: [.address(subnet.last)] + others)
    }

    /// The addresses of a subnet: where they begin, and where they have ended.
    package static func range(_ subnet: Subnet) -> [FilterElement] {
        let begin = FilterElement([.address(subnet.base)], value: nil)
        let next = IPAddress(bits: subnet.last.bits &+ 1, version: subnet.version)
        guard next.bits != 0 else { return [begin] }  // it ends with the last of all addresses
        var end = FilterElement([.address(next)], value: nil)
        end.endsInterval = true
        return [begin, end]
    }

    private static func bytes(of fields: [FilterField]) -> [UInt8] {
        guard fields.count > 1 else { return fields[0].bytes }
        return fields.flatMap { field in
            let bytes = field.bytes
            return bytes + [UInt8](repeating: 0, count: -bytes.count & 3)
        }
    }

    /// Writes the content of `NFTA_LIST_ELEM`.
    func write(to message: inout NetlinkMessage) {
        if endsInterval { message.appendAttribute(type: 3, number: UInt32(1).bigEndian) }
        writeKey(to: &message)
        if let keyEnd {
            message.appendNested(type: 10) { $0.appendAttribute(type: 1, bytes: keyEnd) }
        }
        if let value {
            message.appendNested(type: 2) { $0.appendAttribute(type: 1, bytes: value) }
        }
    }

    /// Writes the key alone, `NFTA_SET_ELEM_KEY`.
    func writeKey(to message: inout NetlinkMessage) {
        message.appendNested(type: 1) { $0.appendAttribute(type: 1, bytes: key) }
    }
}
