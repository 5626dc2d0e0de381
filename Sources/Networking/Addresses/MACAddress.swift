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
        // Each monitor on a bridge comes by here: joining strings would have the library look for
        // conformances in the whole program.
        var text: [UInt8] = []
        for byte in bytes {
            if !text.isEmpty { text.append(UInt8(ascii: ":")) }
            text.append(Self.digit(byte >> 4))
            text.append(Self.digit(byte & 15))
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
    }
}
