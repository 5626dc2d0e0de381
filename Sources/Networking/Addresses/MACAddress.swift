/// The hardware address of a network device.
package struct MACAddress: Sendable, Hashable {
    /// Six octets.
    package let bytes: [UInt8]

    /// Reads six hexadecimal numbers with colons or dashes between them.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "-" }
        guard parts.count == 6 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard part.utf8.count == 2, part.allSatisfy(\.isHexDigit),
                let byte = UInt8(part, radix: 16)
            else { return nil }
            bytes.append(byte)
        }
        // The lowest bit of the first octet marks addresses of groups.
        guard bytes[0] & 1 == 0 else { return nil }
        self.bytes = bytes
    }

    /// The one that goes with an address of version 4, so that neighbours that know the address
    /// know the right device after a restart, too.
    package init(for address: IPv4Address) {
        bytes = [0x02, 0x42] + address.bytes
    }

    /// A locally administered one of random octets, of which five are taken.
    package init(random octets: [UInt8]) {
        precondition(octets.count >= 5)
        bytes = [0x02] + octets.prefix(5)
    }
}

extension MACAddress: CustomStringConvertible {
    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}
