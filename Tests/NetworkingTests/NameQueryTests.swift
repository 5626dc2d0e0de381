import Fuzz
import Testing

@testable import Networking

/// Questions and answers about names, as messages.
@Suite struct NameQueryTests {
    /// A question, as a program's library writes it.
    static func question(
        _ name: String, type: UInt16 = 1, extendedSize: UInt16? = nil
    ) -> [UInt8] {
        var bytes: [UInt8] = [
            0xab, 0xcd, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, extendedSize == nil ? 0 : 1,
        ]
        for label in name.split(separator: ".") { bytes += [UInt8(label.utf8.count)] + label.utf8 }
        bytes += [0, UInt8(type >> 8), UInt8(truncatingIfNeeded: type), 0, 1]
        if let extendedSize {
            bytes += [0, 0, 41, UInt8(extendedSize >> 8), UInt8(truncatingIfNeeded: extendedSize)]
            bytes += [0, 0, 0, 0, 0, 0]
        }
        return bytes
    }

    static func query(_ bytes: [UInt8]) throws -> NameQuery {
        guard case .query(let query) = NameQuery.read(bytes) else {
            throw Refusal()
        }
        return query
    }

    private struct Refusal: Error {}

    @Test func `a question is read without regard to capital letters`() throws {
        let query = try Self.query(Self.question("WEB.Front", type: 28))
        #expect(query.name == "web.front")
        #expect(query.type == 28)
        #expect(query.recordClass == 1)
        #expect(query.extendedSize == nil)
        #expect(
            try Self.query(Self.question("web", extendedSize: 1232)).extendedSize == 1232)
        #expect(try Self.query(Self.question("web", extendedSize: 0)).extendedSize == 512)
        #expect(try Self.query(Self.question("")).name == "")
    }

    @Test func `what is no question is refused or ignored`() {
        let question = Self.question("web")
        #expect(NameQuery.read([]) == .ignored)
        #expect(NameQuery.read(Array(question.prefix(11))) == .ignored)
        for end in 12..<question.count {
            #expect(NameQuery.read(Array(question.prefix(end))) == .refused(.formatError))
        }
        var answer = question
        answer[2] = 0x81
        #expect(NameQuery.read(answer) == .ignored)
        var update = question
        update[2] = 0x28
        #expect(NameQuery.read(update) == .refused(.notImplemented))
        var several = question
        several[5] = 2
        #expect(NameQuery.read(several) == .refused(.formatError))
    }

    @Test func `a question that points back is refused`() {
        // To itself, and into the header.
        for target: UInt8 in [12, 0] {
            let bytes: [UInt8] = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, target, 0, 1, 0, 1]
            #expect(NameQuery.read(bytes) == .refused(.formatError))
        }
    }

    @Test func `a name of too many octets is refused`() {
        let long = Array(repeating: String(repeating: "a", count: 63), count: 4)
        #expect(
            NameQuery.read(Self.question(long.joined(separator: "."))) == .refused(.formatError))
        let longest = long.prefix(3) + [String(repeating: "a", count: 61)]
        #expect(NameQuery.read(Self.question(longest.joined(separator: "."))) != .ignored)
    }

    @Test func `a label with a dot in it is nobody's name`() throws {
        var bytes = Self.question("aXb")
        bytes[14] = UInt8(ascii: ".")
        #expect(try Self.query(bytes).name == nil)
    }

    @Test func `an answer has the question, and points to its name`() throws {
        let query = try Self.query(Self.question("Web", extendedSize: 1232))
        let address = try #require(IPAddress("10.9.0.2"))
        let answer = NameResponse.answer(
            to: query, .noError, [.address(address)], upToBytes: 1232)
        #expect(Array(answer.prefix(12)) == [0xab, 0xcd, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 1])
        #expect(Array(answer[12..<21]) == [3] + Array("Web".utf8) + [0, 0, 1, 0, 1])
        #expect(
            Array(answer[21..<37]) == [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 10, 9, 0, 2])
        #expect(query.isAnswered(by: answer))
        #expect(!(try Self.query(Self.question("web2"))).isAnswered(by: answer))
    }

    @Test func `an answer that is too long is cut`() throws {
        let query = try Self.query(Self.question("web"))
        let records = (0..<100).map {
            NameResponse.Record.address(.v4(IPv4Address(bits: UInt32($0))))
        }
        let answer = NameResponse.answer(to: query, .noError, records, upToBytes: 512)
        #expect(answer.count == query.questionEnd)
        #expect(answer[2] & 0x02 != 0)
        #expect(NameResponse.answer(to: query, .noError, records, upToBytes: 65535).count > 512)
    }

    @Test func `addresses have names of their own`() throws {
        let v4 = try Self.query(Self.question("2.0.9.10.in-addr.arpa", type: 12))
        #expect(ReverseName.address(v4.labels) == IPAddress("10.9.0.2"))
        let v6 = "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa"
        #expect(
            ReverseName.address(try Self.query(Self.question(v6)).labels)
                == IPAddress("4321:0:1:2:3:4:567:89ab"))
        for other in ["9.10.in-addr.arpa", "x.0.9.10.in-addr.arpa", "arpa", "2.0.9.10.example"] {
            #expect(ReverseName.address(try Self.query(Self.question(other)).labels) == nil)
        }
    }

    /// Whatever arrives, reading it ends, and what is read can be answered within its limit.
    @Test(arguments: 0..<(40 * fuzzFactor))
    func `a hostile message does no harm`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let marks: [UInt8] = [0, 1, 12, 41, 63, 64, 0xc0, 0xff, 0x80, UInt8(ascii: "a")]
        let seeds = [
            Self.question("web.front"), Self.question("", extendedSize: 4096),
            Self.question(String(repeating: "a.", count: 100), type: 255),
        ]
        for _ in 0..<500 {
            var bytes = seeds.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes = mutated(bytes, with: marks, using: &generator)
            }
            switch NameQuery.read(bytes) {
            case .ignored: #expect(bytes.count < 12 || bytes[2] & 0x80 != 0)
            case .refused(let code):
                #expect(NameResponse.refusal(of: bytes, code).count == 12)
            case .query(let query):
                _ = ReverseName.address(query.labels)
                let answer = NameResponse.answer(
                    to: query, .noError, [.pointer(query.name ?? "x"), .address(.v6(.loopback))],
                    upToBytes: query.extendedSize ?? 512)
                #expect(answer.count <= query.extendedSize ?? 512)
                #expect(query.isAnswered(by: answer))
                _ = query.isAnswered(by: mutated(answer, with: marks, using: &generator))
            }
        }
    }
}
