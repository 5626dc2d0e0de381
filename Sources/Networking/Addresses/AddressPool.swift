package import Diagnostics

/// The subnets that networks without one of their own get.
package enum AddressPools {
    /// Docker's default address pools, with the size of the subnets that each is cut into.
    private static let pools: [(subnet: String, prefixLength: Int)] = [
        ("172.17.0.0/16", 16), ("172.18.0.0/16", 16), ("172.19.0.0/16", 16),
        ("172.20.0.0/14", 16), ("172.24.0.0/14", 16), ("172.28.0.0/14", 16),
        ("192.168.0.0/16", 20),
    ]

    /// The first subnet that has nothing in common with what is in use.
    ///
    /// - Parameter taken: subnets of other networks, and those that the host has routes to.
    /// - Returns: a subnet of version 4.
    /// - Throws: ``Problem`` of kind `exhausted` when the pools have none left.
    package static func free(besides taken: [Subnet]) throws(Problem) -> Subnet {
        for pool in pools {
            guard let whole = Subnet(pool.subnet) else { continue }
            let step = UInt128(1) << UInt128(32 - pool.prefixLength)
            var offset: UInt128 = 0
            while let base = whole.address(at: offset) {
                let subnet = Subnet(of: base, prefixLength: pool.prefixLength)
                if !taken.contains(where: subnet.overlaps) { return subnet }
                offset += step
            }
        }
        throw Problem(
            kind: .exhausted, what: "cannot make the network",
            why: "all predefined address pools have been fully subnetted",
            fix: "remove networks (kade network prune), or give a subnet: --subnet 10.1.2.0/24")
    }

    /// A subnet of version 6 that nobody else has: a unique local one (RFC 4193) of random bits.
    ///
    /// - Parameter octets: random ones, of which seven are taken.
    /// - Returns: a subnet of 64 bits.
    package static func uniqueLocal(random octets: [UInt8]) -> Subnet {
        precondition(octets.count >= 7)
        let bits = octets.prefix(7).reduce(UInt128(0xfd)) { $0 << 8 | UInt128($1) }
        return Subnet(of: .v6(IPv6Address(bits: bits << 64)), prefixLength: 64)
    }
}

/// The addresses of one subnet that containers get.
package struct AddressPool: Sendable {
    package let subnet: Subnet
    /// The part that is given out without being asked for (`--ip-range`).
    package let range: Subnet
    /// What nobody gets: the gateway, the auxiliary addresses.
    package let reserved: Set<IPAddress>

    package init(subnet: Subnet, range: Subnet?, reserved: Set<IPAddress>) {
        self.subnet = subnet
        self.range = range ?? subnet
        self.reserved = reserved
    }

    /// The lowest address that is free; nil when there is none.
    package func firstFree(besides taken: Set<IPAddress>) -> IPAddress? {
        let usable = subnet.usable
        let bits =
            max(
                usable.lowerBound, range.base.bits)...max(
                usable.lowerBound, range.base.bits, min(usable.upperBound, range.last.bits))
        guard bits.upperBound <= usable.upperBound, bits.lowerBound <= range.last.bits else {
            return nil
        }
        var next = bits.lowerBound
        while true {
            let address = IPAddress(bits: next, version: subnet.version)
            if !taken.contains(address), !reserved.contains(address) { return address }
            guard next < bits.upperBound else { return nil }
            next += 1
        }
    }

    /// The highest address that is free, which ``firstFree(besides:)`` gives last; nil when there is
    /// none.
    package func lastFree(besides taken: Set<IPAddress>) -> IPAddress? {
        var bits = subnet.usable.upperBound
        while bits >= subnet.usable.lowerBound {
            let address = IPAddress(bits: bits, version: subnet.version)
            if !taken.contains(address), !reserved.contains(address) { return address }
            guard bits > 0 else { return nil }
            bits -= 1
        }
        return nil
    }

    /// Whether an address can be asked for by name.
    package func canGive(_ address: IPAddress) -> Bool {
        subnet.contains(address) && subnet.usable.contains(address.bits)
            && !reserved.contains(address)
    }
}
