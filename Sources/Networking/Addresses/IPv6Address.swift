/// An address of version 6 of the internet protocol.
package struct IPv6Address: Sendable, Hashable, Comparable {
    /// Its 128 bits.
    package var bits: UInt128

    package init(bits: UInt128) { self.bits = bits }

    /// Reads the text form (RFC 4291, section 2.2); nil where the text is no address.
    package init?(_ text: some StringProtocol) {
        var text = String(text)
        // The last two groups may be an address of version 4.
        if text.utf8.contains(UInt8(ascii: ".")), let colon = text.lastIndex(of: ":") {
            guard let tail = IPv4Address(text[text.index(after: colon)...]) else { return nil }
            let groups = [tail.bits >> 16, tail.bits & 0xffff]
            text = text[...colon] + groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        let halves = Self.halves(of: text)
        guard halves.count <= 2, let head = Self.groups(in: halves[0]) else { return nil }
        var groups = head
        if halves.count == 2 {
            guard let tail = Self.groups(in: halves[1]), head.count + tail.count < 8 else {
                return nil
            }
            groups += [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail
        }
        guard groups.count == 8 else { return nil }
        bits = groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    /// `::`: every address of the host.
    package static let unspecified = IPv6Address(bits: 0)
    /// `::1`.
    package static let loopback = IPv6Address(bits: 1)

    /// The octets in the order of the network.
    package var bytes: [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: bits >> (120 - $0 * 8)) }
    }

    package static func < (left: IPv6Address, right: IPv6Address) -> Bool { left.bits < right.bits }

    /// The parts before and behind `::`; one part where there is none.
    private static func halves(of text: String) -> [Substring] {
        var halves: [Substring] = []
        var start = text.startIndex
        var index = text.startIndex
        while index < text.endIndex {
            let next = text.index(after: index)
            if text[index] == ":", next < text.endIndex, text[next] == ":" {
                halves.append(text[start..<index])
                start = text.index(after: next)
                index = start
            } else {
                index = next
            }
        }
        return halves + [text[start...]]
    }

    private static func groups(in text: Substring) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        for part in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == ":" }) {
            guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit),
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
        }
        return groups
    }
}

extension IPv6Address: CustomStringConvertible {
    /// The one canonical text (RFC 5952): the longest run of zeros is `::`, the first of equals.
    package var description: String {
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> (112 - $0 * 16)) }
        var longest = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || groups[index] != 0 {
            if index - start > max(longest.count, 1) { longest = start..<index }
            start = index + 1
        }
        func text(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard !longest.isEmpty else { return text(groups[...]) }
        return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
    }
}
