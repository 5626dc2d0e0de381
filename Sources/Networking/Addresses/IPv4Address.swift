/// An address of version 4 of the internet protocol.
package struct IPv4Address: Sendable, Hashable, Comparable {
    /// Its 32 bits, the first octet uppermost.
    package var bits: UInt32

    package init(bits: UInt32) { self.bits = bits }

    /// Reads four decimal numbers with dots between them; nil where the text is no address.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "." }
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            // No signs, and no leading zero, which some programs take for an octal number.
            guard (1...3).contains(part.utf8.count), part.allSatisfy({ "0" <= $0 && $0 <= "9" }),
                part.utf8.count == 1 || part.first != "0", let number = UInt8(part)
            else { return nil }
            bits = bits << 8 | UInt32(number)
        }
        self.bits = bits
    }

    /// `0.0.0.0`: every address of the host.
    package static let unspecified = IPv4Address(bits: 0)

    /// The octets in the order of the network.
    package var bytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: bits >> (24 - $0 * 8)) } }

    /// Whether it is one of `127.0.0.0/8`.
    package var isLoopback: Bool { bits >> 24 == 127 }

    package static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.bits < right.bits }
}

extension IPv4Address: CustomStringConvertible {
    package var description: String { bytes.map { "\($0)" }.joined(separator: ".") }
}
