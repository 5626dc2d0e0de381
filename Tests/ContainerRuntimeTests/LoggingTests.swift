import OCI
import Testing

@testable import ContainerRuntime

@Suite struct LogLinesTests {
    private func taken(_ lines: inout LogLines, _ bytes: [UInt8]) -> [[UInt8]] {
        var entries: [[UInt8]] = []
        lines.take(bytes) { entries.append(Array($0)) }
        return entries
    }

    private func finished(_ lines: inout LogLines) -> [[UInt8]] {
        var entries: [[UInt8]] = []
        lines.finish { entries.append(Array($0)) }
        return entries
    }

    @Test func `lines are cut at newlines, across reads`() {
        var lines = LogLines()
        #expect(taken(&lines, Array("a\nb".utf8)) == [Array("a\n".utf8)])
        #expect(taken(&lines, Array("c\nd\n".utf8)) == [Array("bc\n".utf8), Array("d\n".utf8)])
        #expect(finished(&lines).isEmpty)
    }

    @Test func `a long line is kept in parts, a last one without newline at the end`() {
        var lines = LogLines()
        let long = [UInt8](repeating: 0x78, count: LogLines.maximumInBytes + 3)
        #expect(taken(&lines, long) == [Array(long.prefix(LogLines.maximumInBytes))])
        #expect(finished(&lines) == [Array("xxx".utf8)])
    }
}

@Suite struct LogRecordTests {
    private func bytes(_ texts: String...) -> [UInt8] {
        var bytes: [UInt8] = []
        for text in texts {
            LogRecord.append(
                Array(text.utf8)[...], of: .error, at: 1_700_000_000_000_000_001, to: &bytes)
        }
        return bytes
    }

    @Test func `entries of the compact format come back, and wait for their end`() throws {
        let all = bytes("one\n", "two")
        var rest = all[...]
        let first = try LogRecord.take(&rest)
        #expect(
            first
                == LogRecord(
                    stream: .error, nanosecondsSinceEpoch: 1_700_000_000_000_000_001,
                    text: Array("one\n".utf8)))
        #expect(try LogRecord.take(&rest)?.text == Array("two".utf8))
        #expect(rest.isEmpty)
        for count in 0..<(LogRecord.headInBytes + 4) {
            var part = all.prefix(count)
            #expect(try LogRecord.take(&part) == nil)
            #expect(part.count == count)
        }
    }

    @Test func `what is no entry is damage`() {
        for damaged in [
            [UInt8](repeating: 0, count: 32), [UInt8](repeating: 0xff, count: 32),
            [1, 0, 0, 0] + [UInt8](repeating: 7, count: 20),
        ] {
            #expect(throws: LogRecord.Damage.self) {
                var bytes = damaged[...]
                _ = try LogRecord.take(&bytes)
            }
        }
    }

    @Test func `a line of json-file is Docker's`() {
        var bytes: [UInt8] = []
        LogRecord.appendJSON(
            Array("a\"\n".utf8)[...], of: .output, at: "T", attributes: [], to: &bytes)
        LogRecord.appendJSON(
            Array("b".utf8)[...], of: .error, at: "T", attributes: Array(#"{"k":"v"}"#.utf8),
            to: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"log":"a\"\n","stream":"stdout","time":"T"}"# + "\n"
                + #"{"log":"b","stream":"stderr","attrs":{"k":"v"},"time":"T"}"# + "\n")
    }
}

@Suite struct LogProtocolTests {
    @Test func `a journal message has fields, and lengths where a value has lines`() {
        let plain = JournalMessage.datagram(
            Array("hello\n".utf8)[...], of: .output, ["CONTAINER_NAME": "web"])
        #expect(
            String(decoding: plain, as: UTF8.self)
                == "MESSAGE=hello\nPRIORITY=6\nCONTAINER_NAME=web\n")
        let part = JournalMessage.datagram(Array("a\nb".utf8)[...], of: .error, [:])
        #expect(
            part == Array("MESSAGE\n".utf8) + [3, 0, 0, 0, 0, 0, 0, 0]
                + Array("a\nb\nPRIORITY=3\nCONTAINER_PARTIAL_MESSAGE=true\n".utf8))
    }

    @Test(
        arguments: [
            ("com.example.stage", "COM_EXAMPLE_STAGE"), ("_x", "X"), ("9", nil), ("A1", "A1"),
        ] as [(String, String?)])
    func `a label's name becomes a field's`(text: String, name: String?) {
        #expect(JournalMessage.fieldName(text) == name)
    }

    @Test(arguments: [
        (SyslogTarget.Format.local, "<30>Jan  2 03:04:05 tag[7]: hello\n"),
        (.rfc3164, "<30>Jan  2 03:04:05 host tag[7]: hello\n"),
        (.rfc5424, "<30>1 2026-01-02T03:04:05Z host tag 7 tag - hello\n"),
        (.rfc5424micro, "<30>1 2026-01-02T03:04:05.678901Z host tag 7 tag - hello\n"),
    ])
    func `a syslog message has its format's head`(format: SyslogTarget.Format, text: String) {
        let target = SyslogTarget(
            transport: .local(path: "/dev/log"), format: format, facility: 3, hostname: "host",
            tag: "tag", bufferInBytes: nil)
        let bytes = SyslogMessage.bytes(
            Array("hello\n".utf8)[...], of: .output, to: target,
            at: "2026-01-02T03:04:05.678901234Z", pid: 7)
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test func `errors are more severe`() {
        let target = SyslogTarget(
            transport: .local(path: "/dev/log"), format: .local, facility: 16, hostname: "",
            tag: "t", bufferInBytes: nil)
        let bytes = SyslogMessage.bytes(
            Array("x".utf8)[...], of: .error, to: target, at: "2026-12-31T23:59:59Z", pid: 1)
        #expect(String(decoding: bytes, as: UTF8.self) == "<131>Dec 31 23:59:59 t[1]: x\n")
    }
}
