import ContainerRuntime
import Diagnostics
import OCI
import Testing

@testable import Engine

@Suite struct LogOptionsTests {
    private func options(
        _ driver: String, _ options: [String: String] = [:]
    ) throws -> LogOptions {
        var request = LogRequest()
        request.driver = driver
        request.options = options
        return try LogOptions(request)
    }

    private func record(_ change: (inout ContainerRequest) -> Void) -> ContainerRecord {
        var request = ContainerRequest(image: "debian:12")
        change(&request)
        return ContainerRecord(
            id: String(repeating: "a", count: 64), name: "web", image: "debian:12",
            imageID: "sha256:" + String(repeating: "b", count: 64),
            created: Timestamp(nanosecondsSinceEpoch: 0), request: request, layers: [])
    }

    @Test(
        arguments: [
            ([:], 20_000_000, 5), (["max-size": "1k"], 1024, 1),
            (["max-size": "-1"], nil, 1), (["max-size": "2m", "max-file": "3"], 2 << 20, 3),
            (["max-file": "7"], 20_000_000, 7),
        ] as [([String: String], Int64?, Int)])
    func `a log is limited also where nobody said so`(
        given: [String: String], size: Int64?, files: Int
    ) throws {
        let limits = try options("json-file", given).limits()
        #expect(limits == LogLimits(maximumSizeInBytes: size, maximumFiles: files))
    }

    @Test(
        arguments: [
            ("json-file", ["max-size": "x"]), ("json-file", ["max-file": "0"]),
            ("json-file", ["compress": "yes"]),
            ("json-file", ["max-size": "1m", "compress": "true"]),
            ("json-file", ["mode": "sometimes"]), ("json-file", ["max-buffer-size": "1m"]),
            ("json-file", ["labels-regex": "("]), ("json-file", ["tag": "{{.Nothing}}"]),
            ("json-file", ["syslog-address": "udp://1.2.3.4"]), ("local", ["labels": "a"]),
            ("none", ["max-size": "1m"]), ("awslogs", [:]), ("nonsense", [:]),
            ("syslog", ["syslog-address": "udp://example.org:514"]),
            ("syslog", ["syslog-address": "carrier-pigeon://x"]),
            ("syslog", ["syslog-address": "tcp+tls://1.2.3.4:1"]),
            ("syslog", ["syslog-facility": "nonsense"]), ("syslog", ["syslog-format": "xml"]),
        ] as [(String, [String: String])])
    func `what a driver does not have is refused`(driver: String, given: [String: String]) {
        #expect(throws: Problem.self) { try options(driver, given) }
    }

    @Test func `Podman's name means json-file`() throws {
        #expect(try options("k8s-file").driver == .jsonFile)
    }

    @Test func `labels and variables are kept by name and by pattern`() throws {
        let record = record {
            $0.labels = ["stage": "test", "team.a": "1", "other": "x"]
            $0.process.environment = ["HOME=/", "APP_A=b=c", "NONE"]
        }
        let chosen = try options(
            "json-file",
            [
                "labels": "stage,missing", "labels-regex": "^team", "env": "HOME",
                "env-regex": "^APP_",
            ])
        #expect(
            try chosen.attributes(of: record) == [
                "stage": "test", "team.a": "1", "HOME": "/", "APP_A": "b=c",
            ])
    }

    @Test func `a tag has Docker's fields`() throws {
        let record = record { _ in }
        #expect(
            try LogTag("{{.ImageName}}/{{ .Name }}/{{.ID}}!").text(of: record)
                == "debian:12/web/aaaaaaaaaaaa!")
        #expect(try LogTag("plain").text(of: record) == "plain")
    }

    @Test(
        arguments: [
            ([:], SyslogTarget.Transport.local(path: "/dev/log"), 3),
            (["syslog-address": "unix:///run/x"], .local(path: "/run/x"), 3),
            (["syslog-address": "udp://10.0.0.1"], .udp(address: "10.0.0.1", port: 514), 3),
            (
                ["syslog-address": "tcp://[::1]:601", "syslog-facility": "local7"],
                .tcp(address: "::1", port: 601), 23
            ),
            (["syslog-facility": "5"], .local(path: "/dev/log"), 5),
        ] as [([String: String], SyslogTarget.Transport, Int)])
    func `a syslog server has an address and a facility`(
        given: [String: String], transport: SyslogTarget.Transport, facility: Int
    ) throws {
        let server = try SyslogOptions(try options("syslog", given))
        #expect(server.transport == transport)
        #expect(server.facility == facility)
    }

    @Test func `an entry of the journal is a line or a part of one`() throws {
        let line = try JSONValue.parse(
            Array(#"{"__REALTIME_TIMESTAMP":"1000001","PRIORITY":"3","MESSAGE":"hello"}"#.utf8),
            named: "line")
        #expect(
            LogEntry(journal: line)
                == LogEntry(
                    stream: .error, time: Timestamp(nanosecondsSinceEpoch: 1_000_001_000),
                    text: Array("hello\n".utf8)))
        let text =
            #"{"__REALTIME_TIMESTAMP":"1","MESSAGE":[255,10],"#
            + #""CONTAINER_PARTIAL_MESSAGE":"true"}"#
        let part = try JSONValue.parse(Array(text.utf8), named: "line")
        #expect(LogEntry(journal: part)?.text == [255, 10])
        #expect(LogEntry(journal: "nonsense") == nil)
    }
}
