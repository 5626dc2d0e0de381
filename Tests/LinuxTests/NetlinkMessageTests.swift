import Testing

@testable import Linux

@Suite struct NetlinkMessageTests {
    @Test func `an attribute is padded and the header knows the length`() {
        var message = NetlinkMessage(type: 16, flags: [.request, .acknowledge])
        message.appendAttribute(type: 3, text: "lo")
        #expect(message.bytes.count == 24)
        #expect(message.bytes[0] == 24)
        #expect(Array(message.bytes[4..<8]) == [16, 0, 5, 0])
        #expect(Array(message.bytes[16...]) == [7, 0, 3, 0, 108, 111, 0, 0])
    }

    @Test func `an acknowledgement holds an error code`() {
        var answer: [UInt8] = [20, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
        answer += [0xed, 0xff, 0xff, 0xff]  // −19, ENODEV
        #expect(NetlinkMessage.errorCode(in: answer[...]) == -19)
        #expect(NetlinkMessage.errorCode(in: answer[..<16]) == nil)
    }

    @Test func `a number is read where the body has all of it`() throws {
        var message = NetlinkMessage(type: 16, flags: [.request, .acknowledge])
        message.append(UInt32(0x0505_0505))
        message.append(UInt16(0x0606))
        var reader = NetlinkReader(message.bytes)
        let first = reader.next()
        let read = try #require(first)
        #expect(read.number(at: 0, as: UInt32.self) == 0x0505_0505)
        #expect(read.number(at: 4, as: Int16.self) == 0x0606)
        #expect(read.number(at: 5, as: UInt8.self) == 6)
        #expect(read.number(at: 4, as: UInt32.self) == nil)
        #expect(read.number(at: 6, as: UInt8.self) == nil)
    }
}
