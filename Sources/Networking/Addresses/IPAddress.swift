/// An address of either version of the internet protocol.
package enum IPAddress: Sendable, Hashable {
    case v4(IPv4Address)
    case v6(IPv6Address)

    /// Reads the text form of either version; nil where the text is no address.
    package init?(_ text: some StringProtocol) {
        if let address = IPv4Address(text) {
            self = .v4(address)
        } else if let address = IPv6Address(text) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    /// The address of a version whose bits are the lower ones of a number.
    init(bits: UInt128, version: IPVersion) {
        switch version {
        case .v4: self = .v4(IPv4Address(bits: UInt32(truncatingIfNeeded: bits)))
        case .v6: self = .v6(IPv6Address(bits: bits))
        }
    }

    package var version: IPVersion {
        switch self {
        case .v4: .v4
        case .v6: .v6
        }
    }

    /// Its bits as the lower ones of a number.
    package var bits: UInt128 {
        switch self {
        case .v4(let address): UInt128(address.bits)
        case .v6(let address): address.bits
        }
    }

    /// The octets in the order of the network.
    package var bytes: [UInt8] {
        switch self {
        case .v4(let address): address.bytes
        case .v6(let address): address.bytes
        }
    }

    /// `0.0.0.0` or `::`: every address of the host.
    package var isUnspecified: Bool { bits == 0 }

    /// Whether it is the host's own only: `127.0.0.0/8` or `::1`.
    package var isLoopback: Bool {
        switch self {
        case .v4(let address): address.isLoopback
        case .v6(let address): address == .loopback
        }
    }
}

extension IPAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .v4(let address): "\(address)"
        case .v6(let address): "\(address)"
        }
    }
}

/// The two versions of the internet protocol.
package enum IPVersion: Sendable, Hashable, CaseIterable {
    case v4
    case v6

    /// How many bits an address has.
    package var width: Int { self == .v4 ? 32 : 128 }

    /// `AF_INET` or `AF_INET6`, which are netfilter's numbers, too.
    package var family: UInt8 { self == .v4 ? 2 : 10 }
}
