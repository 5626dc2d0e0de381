/// The protocols whose ports can be published.
package enum Transport: String, Sendable, Hashable, CaseIterable {
    case tcp
    case udp
    case sctp

    /// `IPPROTO_…`.
    package var number: UInt8 {
        switch self {
        case .tcp: 6
        case .udp: 17
        case .sctp: 132
        }
    }
}

/// A port with its protocol: `80/tcp`.
package struct TransportPort: Sendable, Hashable {
    package var number: UInt16
    package var transport: Transport

    package init(_ number: UInt16, _ transport: Transport) {
        self.number = number
        self.transport = transport
    }
}

extension TransportPort: CustomStringConvertible {
    package var description: String { "\(number)/\(transport.rawValue)" }
}

extension TransportPort: Comparable {
    package static func < (left: TransportPort, right: TransportPort) -> Bool {
        (left.number, left.transport.rawValue) < (right.number, right.transport.rawValue)
    }
}
