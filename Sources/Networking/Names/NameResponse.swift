/// Writes answers to questions about names (RFC 1035, section 4).
package struct NameResponse: Sendable {
    /// One record of an answer, about the name that was asked for.
    package enum Record: Sendable, Hashable {
        case address(IPAddress)
        /// The name that an address has.
        case pointer(String)
    }

    /// How long a program may keep an answer: containers come and go.
    package static let lifetimeInSeconds: UInt32 = 5

    /// Answers a question.
    ///
    /// - Parameters:
    ///   - query: the question.
    ///   - code: how it went.
    ///   - records: what there is.
    ///   - limit: how many bytes the answer may have; what is longer is cut (`TC`), and its
    ///     records are left out, so that the program asks again over TCP.
    /// - Returns: the message.
    package static func answer(
        to query: NameQuery, _ code: ResponseCode, _ records: [Record], upToBytes limit: Int
    ) -> [UInt8] {
        let bytes = write(query, code, records, isCut: false)
        guard bytes.count > limit else { return bytes }
        return write(query, code, [], isCut: true)
    }

    /// Says no more than that a message was not understood.
    package static func refusal(of message: [UInt8], _ code: ResponseCode) -> [UInt8] {
        Array(message.prefix(2)) + [0x80 | message[2] & 0x79, 0x80 | code.rawValue]
            + [UInt8](repeating: 0, count: 8)
    }

    private static func write(
        _ query: NameQuery, _ code: ResponseCode, _ records: [Record], isCut: Bool
    ) -> [UInt8] {
        let hasOptions = query.extendedSize != nil
        // QR and what was asked of RD; RA.
        var bytes = Array(query.bytes[..<2])
        bytes += [0x80 | query.bytes[2] & 0x01 | (isCut ? 0x02 : 0), 0x80 | code.rawValue]
        for count in [1, records.count, 0, hasOptions ? 1 : 0] { append(UInt16(count), to: &bytes) }
        bytes += query.bytes[NameQuery.headerSize..<query.questionEnd]
        for record in records { append(record, to: &bytes) }
        if hasOptions {
            // OPT: the root's name, and how much this side takes.
            bytes += [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]
        }
        return bytes
    }

    private static func append(_ record: Record, to bytes: inout [UInt8]) {
        let type: UInt16
        let data: [UInt8]
        switch record {
        case .address(let address):
            type = address.version == .v4 ? 1 : 28
            data = address.bytes
        case .pointer(let name):
            type = 12
            data =
                name.utf8.split { $0 == UInt8(ascii: ".") }
                .flatMap { [UInt8(min(63, $0.count))] + $0.prefix(63) } + [0]
        }
        append(0xc000 | UInt16(NameQuery.headerSize), to: &bytes)  // the question's name
        append(type, to: &bytes)
        append(1, to: &bytes)
        append(UInt16(lifetimeInSeconds >> 16), to: &bytes)
        append(UInt16(truncatingIfNeeded: lifetimeInSeconds), to: &bytes)
        append(UInt16(data.count), to: &bytes)
        bytes += data
    }

    private static func append(_ number: UInt16, to bytes: inout [UInt8]) {
        bytes += [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
    }
}
