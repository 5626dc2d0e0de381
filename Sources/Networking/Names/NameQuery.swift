/// A question about a name, as a program asks it (RFC 1035, section 4).
///
/// Reading follows no compression: a question comes first in a message, where there is nothing to
/// point back to. So no message can make the reader go in circles.
package struct NameQuery: Sendable, Equatable {
    /// The whole message.
    package let bytes: [UInt8]
    /// The labels of the name, with capital letters made small.
    package let labels: [[UInt8]]
    /// `TYPE`: what is asked for.
    package let type: UInt16
    /// `CLASS`; 1 is the internet.
    package let recordClass: UInt16
    /// Where the question ends, which begins behind the header.
    package let questionEnd: Int
    /// How many bytes an answer may have that comes as one datagram; nil without EDNS (RFC 6891).
    package let extendedSize: Int?

    /// What a message turned out to be.
    package enum Reading: Sendable, Equatable {
        case query(NameQuery)
        /// Something that cannot be answered but by saying so, with the code.
        case refused(ResponseCode)
        /// No question at all: nobody waits for an answer.
        case ignored
    }

    /// Reads a message.
    package static func read(_ bytes: [UInt8]) -> Reading {
        var reader = Reader(bytes)
        guard bytes.count >= headerSize, bytes[2] & 0x80 == 0 else { return .ignored }
        guard bytes[2] & 0x78 == 0 else { return .refused(.notImplemented) }
        let counts = [4, 6, 8, 10].map { Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]) }
        reader.index = headerSize
        guard counts[0] == 1, let labels = reader.labels(), let type = reader.number(),
            let recordClass = reader.number()
        else { return .refused(.formatError) }
        let end = reader.index
        var extendedSize: Int?
        for _ in 0..<(counts[1] + counts[2] + counts[3]) {
            guard let record = reader.record() else { return .refused(.formatError) }
            guard record.type == 41 else { continue }  // OPT, whose class is a size
            extendedSize = max(smallestSize, Int(record.recordClass))
        }
        return .query(
            NameQuery(
                bytes: bytes, labels: labels, type: type, recordClass: recordClass,
                questionEnd: end, extendedSize: extendedSize))
    }

    /// The name with dots between its labels, or nil where a label is no plain text.
    package var name: String? {
        var text: [UInt8] = []
        for label in labels {
            guard label.allSatisfy({ 0x21...0x7e ~= $0 && $0 != UInt8(ascii: ".") }) else {
                return nil
            }
            if !text.isEmpty { text.append(UInt8(ascii: ".")) }
            text += label
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Whether a message answers this question: the same number, and the same question.
    package func isAnswered(by answer: [UInt8]) -> Bool {
        guard answer.count >= questionEnd, answer[2] & 0x80 != 0,
            answer[0] == bytes[0], answer[1] == bytes[1], answer[4] == 0, answer[5] == 1
        else {
            // Some servers leave the question out of what they say of an error.
            return answer.count >= Self.headerSize && answer[2] & 0x80 != 0
                && answer[0] == bytes[0] && answer[1] == bytes[1] && answer[5] == 0
                && answer[4] == 0 && answer[3] & 0x0f != 0
        }
        return zip(answer[Self.headerSize..<questionEnd], bytes[Self.headerSize..<questionEnd])
            .allSatisfy { Self.small($0) == Self.small($1) }
    }

    /// How many bytes the header has.
    package static let headerSize = 12
    /// What every program takes as one datagram.
    package static let smallestSize = 512

    fileprivate static func small(_ byte: UInt8) -> UInt8 {
        0x41...0x5a ~= byte ? byte + 0x20 : byte
    }
}

/// `RCODE`: how a question went.
package enum ResponseCode: UInt8, Sendable {
    case noError = 0
    case formatError = 1
    case serverFailure = 2
    /// `NXDOMAIN`.
    case noSuchName = 3
    case notImplemented = 4
    case refused = 5

    /// The code of an answer; nil for one that is not known here.
    package init?(of answer: [UInt8]) {
        guard answer.count > 3 else { return nil }
        self.init(rawValue: answer[3] & 0x0f)
    }
}

/// Reads what is in a message, one part after the other; nil where the message ends too early.
private struct Reader {
    let bytes: [UInt8]
    var index = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    struct Record {
        var type: UInt16
        var recordClass: UInt16
    }

    /// A name that is written out, of at most 255 octets.
    mutating func labels() -> [[UInt8]]? {
        var labels: [[UInt8]] = []
        let start = index
        while index < bytes.count {
            let length = Int(bytes[index])
            index += 1
            if length == 0 { return index - start <= 255 ? labels : nil }
            guard length < 64, index + length <= bytes.count, index + length - start < 255 else {
                return nil
            }
            labels.append(bytes[index..<index + length].map(NameQuery.small))
            index += length
        }
        return nil
    }

    mutating func number() -> UInt16? {
        guard index + 2 <= bytes.count else { return nil }
        defer { index += 2 }
        return UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
    }

    /// A record, of which the name and the data are passed over.
    mutating func record() -> Record? {
        guard skipName(), let type = number(), let recordClass = number() else { return nil }
        index += 4  // TTL
        guard let length = number(), index + Int(length) <= bytes.count else { return nil }
        index += Int(length)
        return Record(type: type, recordClass: recordClass)
    }

    /// Passes over a name, which may end by pointing somewhere.
    private mutating func skipName() -> Bool {
        while index < bytes.count {
            let length = Int(bytes[index])
            index += 1
            if length == 0 { return true }
            if length >= 0xc0 {
                index += 1
                return index <= bytes.count
            }
            guard length < 64 else { return false }
            index += length
        }
        return false
    }
}
