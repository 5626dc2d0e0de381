import Testing

@testable import Linux

@Suite struct DBusMessageTests {
    @Test func `a call has the bytes that another implementation gives it`() throws {
        let call = startTransientUnit
        #expect(call.bytes == Self.bytes(Self.callAsHexadecimal))
        #expect(try DBusMessage.length(from: Array(call.bytes.prefix(16))) == call.bytes.count)
        #expect(try DBusMessage(parsing: call.bytes) == call)
    }

    @Test func `a signal of another implementation is read`() throws {
        let bytes = Self.bytes(Self.signalAsHexadecimal)
        #expect(try DBusMessage.length(from: Array(bytes.prefix(16))) == bytes.count)
        let signal = try DBusMessage(parsing: bytes)
        #expect(signal.kind == .signal)
        #expect(signal.serial == 99)
        #expect(signal.member == "JobRemoved")
        #expect(
            signal.body == [
                .uint32(12), .objectPath("/org/freedesktop/systemd1/job/12"),
                .string("kade-web.scope"), .string("done"),
            ])
    }

    @Test(
        arguments: [
            .byte(7), .boolean(true), .int16(-2), .uint16(65535), .int32(-3), .uint32(.max),
            .int64(.min), .uint64(.max), .double(-1.5), .string("é"), .string(""),
            .objectPath("/"), .signature("a{sv}"), .array([], of: "(sv)"),
            .array([.uint64(1), .uint64(2)], of: "t"), .variant(.variant(.string("x"))),
            .structure([.byte(1), .uint64(2), .array([.byte(3)], of: "y"), .string("y")]),
            .array([.structure([.string("a"), .variant(.boolean(false))])], of: "(sv)"),
        ] as [DBusValue])
    func `every type survives`(value: DBusValue) throws {
        var message = DBusMessage(.reply, serial: 1)
        message.replySerial = 5
        message.body = [.byte(1), value, .uint16(9)]  // at an odd place, with something behind
        #expect(try DBusMessage(parsing: message.bytes) == message)
    }

    @Test func `numbers of the other byte order are read`() throws {
        var reader = DBusReader([0, 0, 1, 2, 0, 0, 0, 1, 65, 0], isBigEndian: true, from: 0)
        #expect(try reader.read(signature: "us") == [.uint32(258), .string("A")])
    }

    @Test func `a message that is cut or changed is an error and never more`() {
        let whole = startTransientUnit.bytes
        for count in 0..<whole.count {
            #expect(throws: DBusError.self) {
                try DBusMessage(parsing: Array(whole.prefix(count)))
            }
        }
        for index in whole.indices {
            for change in [0, 1, 0x7f, 0xff] as [UInt8] {
                var bytes = whole
                bytes[index] = change
                _ = try? DBusMessage(parsing: bytes)  // it may be another message, or none
            }
        }
    }

    @Test func `lengths that nobody sends are refused`() {
        var bytes = startTransientUnit.bytes
        bytes[7] = 0xff
        #expect(throws: DBusError.self) { try DBusMessage.length(from: Array(bytes.prefix(16))) }
        #expect(throws: DBusError.self) { try DBusMessage.length(from: [0x6c, 1, 0, 1]) }
    }

    @Test(arguments: ["(", "a", "(s", "z", "a(", "{s", String(repeating: "a", count: 40) + "s"])
    func `what is no signature is none`(text: String) {
        #expect(DBusSignature.types(of: text[...]) == nil)
    }

    @Test func `a signature is taken apart into whole types`() {
        #expect(
            DBusSignature.types(of: "sa(sv)a(sa(sv))a{sv}v")
                == ["s", "a(sv)", "a(sa(sv))", "a{sv}", "v"])
    }

    private var startTransientUnit: DBusMessage {
        var call = DBusMessage(.call, serial: 7)
        call.destination = "org.freedesktop.systemd1"
        call.path = "/org/freedesktop/systemd1"
        call.interface = "org.freedesktop.systemd1.Manager"
        call.member = "StartTransientUnit"
        let device = DBusValue.structure([.string("/dev/char/1:3"), .string("rwm")])
        let properties: [(String, DBusValue)] = [
            ("PIDs", .array([.uint32(4711)], of: "u")), ("Delegate", .boolean(true)),
            ("MemoryMax", .uint64(67_108_864)), ("AllowedCPUs", .array([.byte(2)], of: "y")),
            ("DeviceAllow", .array([device], of: "(ss)")),
        ]
        call.body = [
            .string("kade-web.scope"), .string("replace"),
            .array(
                properties.map { .structure([.string($0), .variant($1)]) }, of: "(sv)"),
            .array([], of: "(sa(sv))"),
        ]
        return call
    }

    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal)
        return stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0...$0 + 1]), radix: 16)
        }
    }

    /// What Python's jeepney makes of the same call.
    private static let callAsHexadecimal = """
        6c010001d800000007000000b600000001016f00190000002f6f72672f667265656465736b746f70\
        2f73797374656d64310000000000000002017300200000006f72672e667265656465736b746f702e\
        73797374656d64312e4d616e61676572000000000000000003017300120000005374617274547261\
        6e7369656e74556e697400000000000006017300180000006f72672e667265656465736b746f702e\
        73797374656d64310000000000000000080167001073736128737629612873612873762929000000\
        0e0000006b6164652d7765622e73636f70650000070000007265706c61636500ac00000000000000\
        0400000050494473000261750000000004000000671200000800000044656c656761746500016200\
        0100000000000000090000004d656d6f72794d617800017400000000000000000000000400000000\
        0b000000416c6c6f7765644350557300026179000100000002000000000000000b00000044657669\
        6365416c6c6f770005612873732900001c000000000000000d0000002f6465762f636861722f313a\
        330000000300000072776d0000000000
        """

    private static let signalAsHexadecimal = """
        6c04000149000000630000007a00000001016f00190000002f6f72672f667265656465736b746f70\
        2f73797374656d64310000000000000002017300200000006f72672e667265656465736b746f702e\
        73797374656d64312e4d616e616765720000000000000000030173000a0000004a6f6252656d6f76\
        65640000000000000801670004756f7373000000000000000c000000200000002f6f72672f667265\
        656465736b746f702f73797374656d64312f6a6f622f3132000000000e0000006b6164652d776562\
        2e73636f7065000004000000646f6e6500
        """
}
