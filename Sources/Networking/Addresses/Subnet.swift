/// A range of addresses that share their first bits: `172.17.0.0/16`, `fd00::/64`.
package struct Subnet: Sendable, Hashable {
    /// The first address, with all bits behind the prefix zero.
    package let base: IPAddress
    /// How many bits the addresses share.
    package let prefixLength: Int

    /// The subnet of an address.
    package init(of address: IPAddress, prefixLength: Int) {
        precondition((0...address.version.width).contains(prefixLength))
        self.prefixLength = prefixLength
        let free = address.version.width - prefixLength
        let bits = free == 128 ? 0 : (address.bits >> free) << free
        base = IPAddress(bits: bits, version: address.version)
    }

    /// Reads `ADDRESS/BITS`; bits of the address behind the prefix do not matter.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "/" }
        guard parts.count == 2, let address = IPAddress(parts[0]),
            !parts[1].isEmpty, parts[1].allSatisfy({ "0" <= $0 && $0 <= "9" }),
            let length = Int(parts[1]), length <= address.version.width
        else { return nil }
        self.init(of: address, prefixLength: length)
    }

    package var version: IPVersion { base.version }

    /// How many addresses there are, less one.
    private var size: UInt128 {
        let free = version.width - prefixLength
        return free == 128 ? .max : (1 << UInt128(free)) - 1
    }

    /// The last address: in version 4 the broadcast address.
    package var last: IPAddress { IPAddress(bits: base.bits + size, version: version) }

    package func contains(_ address: IPAddress) -> Bool {
        address.version == version && (base.bits...last.bits).contains(address.bits)
    }

    /// Whether two subnets have an address in common.
    package func overlaps(_ other: Subnet) -> Bool { contains(other.base) || other.contains(base) }

    /// The address that many behind the first; nil where it lies outside.
    package func address(at offset: UInt128) -> IPAddress? {
        offset <= size ? IPAddress(bits: base.bits + offset, version: version) : nil
    }

    /// The addresses that a device can have: not the subnet's own, nor the broadcast one.
    ///
    /// Subnets of two addresses or one have neither (RFC 3021, RFC 6164).
    package var usable: ClosedRange<UInt128> {
        guard version.width - prefixLength > 1 else { return base.bits...last.bits }
        let end = version == .v4 ? last.bits - 1 : last.bits
        return base.bits + 1...end
    }

    /// The subnet's mask, as an address.
    package var mask: IPAddress {
        let free = version.width - prefixLength
        let ones: UInt128 = version == .v4 ? 0xffff_ffff : .max
        return IPAddress(bits: free == 128 ? 0 : (ones >> free) << free, version: version)
    }
}

extension Subnet: CustomStringConvertible {
    package var description: String { "\(base)/\(prefixLength)" }
}

/// An address with the prefix of the subnet that it is on: `172.17.0.2/16`.
package struct InterfaceAddress: Sendable, Hashable {
    package let address: IPAddress
    package let prefixLength: Int

    package init(_ address: IPAddress, prefixLength: Int) {
        self.address = address
        self.prefixLength = prefixLength
    }

    /// Reads `ADDRESS/BITS`.
    package init?(_ text: some StringProtocol) {
        guard let subnet = Subnet(text), let slash = text.firstIndex(of: "/"),
            let address = IPAddress(text[..<slash])
        else { return nil }
        self.init(address, prefixLength: subnet.prefixLength)
    }

    package var subnet: Subnet { Subnet(of: address, prefixLength: prefixLength) }
}

extension InterfaceAddress: CustomStringConvertible {
    package var description: String { "\(address)/\(prefixLength)" }
}
