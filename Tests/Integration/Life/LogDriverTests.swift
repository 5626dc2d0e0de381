import Foundation
import Testing

@Suite struct LogDriverTests {
    /// Writes a hundred numbered lines of a hundred bytes each, and then ends.
    private static let lines =
        "i=0; while [ $i -lt 100 ]; do printf '%099d\\n' $i; i=$((i+1)); done"

    @Test(arguments: ["json-file", "local"], ["false", "true"])
    func `a log goes over several files, compressed or not`(
        driver: String, isCompressed: String
    ) throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "--name", "talk", "--log-driver", driver, "--log-opt", "max-size=4k",
            "--log-opt", "max-file=20", "--log-opt", "compress=\(isCompressed)", "busybox", "sh",
            "-c", Self.lines)
        let id = try kade.inspect("talk", "{{.Id}}")
        let files = try FileManager.default.contentsOfDirectory(
            atPath: "\(kade.root)/containers/\(id)"
        ).filter { $0.hasPrefix("log.json") }
        #expect(files.count > 2)
        #expect(files.contains("log.json.1.gz") == (isCompressed == "true"))
        let numbers = try kade.check("logs", "talk").split(separator: "\n").map { Int($0) }
        #expect(numbers == (0..<100).map { $0 })
        #expect(
            try kade.check("logs", "-n", "2", "talk").hasSuffix(
                "98\n" + String(format: "%099d", 99)))
        try kade.check("rm", "talk")
        try kade.wait { try kade.leftovers() == [] }
    }

    @Test func `the oldest files go, so that a log cannot fill the disk`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "--name", "talk", "--log-driver", "local", "--log-opt", "max-size=1k",
            "--log-opt", "max-file=2", "--log-opt", "compress=false", "busybox", "sh", "-c",
            Self.lines)
        let numbers = try kade.check("logs", "talk").split(separator: "\n").compactMap { Int($0) }
        #expect(numbers.last == 99)
        #expect(numbers.count < 20)
        #expect(numbers == Array(numbers[0]...99))
    }

    @Test func `bytes that are no text, and lines without end, are kept by local`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "--name", "talk", "--log-driver", "local", "busybox", "sh", "-c",
            "printf '\\377\\376\\n'; printf open; echo err >&2")
        let output = try Tool.start(kade.commandLine(["logs", "talk"])).wait()
        #expect(output.errors == "err\n")
        let hex = try Tool.check(
            "sh", "-c",
            kade.commandLine(["logs", "talk"]).joined(separator: " ")
                + " 2>/dev/null | od -An -tx1")
        #expect(hex.split(whereSeparator: \.isWhitespace).joined() == "fffe0a6f70656e")
    }

    @Test func `labels, variables and a tag are details of each line`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "--name", "talk", "-l", "stage=a b", "-e", "MODE=fast", "--log-opt",
            "labels=stage", "--log-opt", "env-regex=^MO", "--log-opt", "tag={{.Name}}", "busybox",
            "echo", "hello")
        #expect(
            try kade.check("logs", "--details", "talk") == "MODE=fast,stage=a+b,tag=talk hello")
        #expect(try kade.check("logs", "talk") == "hello")
    }

    @Test func `a log is emptied while its container writes on`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "talk", "busybox", "sh", "-c",
            "echo one; while ! [ -e /go ]; do sleep 0.05; done; echo two; exec sleep 600")
        try kade.wait { try kade("logs", "talk").output == "one\n" }
        try kade.check("logs", "--truncate", "talk")
        #expect(try kade.check("logs", "talk") == "")
        try kade.check("exec", "talk", "touch", "/go")
        try kade.wait { try kade("logs", "talk").output == "two\n" }
    }

    @Test func `messages go to a server of the syslog protocol`() throws {
        let kade = try Kade.withBusybox()
        let path = kade.folder.at("syslog.sock")
        let script = """
            import socket, sys
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.bind(sys.argv[1])
            s.settimeout(60)
            print("ready", flush=True)
            for _ in range(2):
                print(s.recv(65536).decode(), end="", flush=True)
            """
        let server = try Tool.start(kade.entry + ["python3", "-c", script, path])
        try kade.wait { server.output.hasPrefix("ready") }
        try kade.check(
            "run", "--name", "talk", "--log-driver", "syslog", "--log-opt",
            "syslog-address=unixgram://\(path)", "--log-opt", "tag=app/{{.Name}}", "--log-opt",
            "syslog-facility=local0", "busybox", "sh", "-c", "echo out; echo err >&2")
        let lines = try server.wait().lines
        #expect(lines.count == 3)
        // Which of two streams comes first is nobody's promise.
        let output = try #require(lines.first { $0.hasPrefix("<134>") })
        #expect(output.contains(" app/talk["))
        #expect(output.hasSuffix("]: out"))
        let error = try #require(lines.first { $0.hasPrefix("<131>") })
        #expect(error.hasSuffix("]: err"))
        #expect(try kade("logs", "talk").errors.contains("does not support reading"))
    }

    @Test func `a server that is not there keeps the container from starting`() throws {
        let kade = try Kade.withBusybox()
        let outcome = try kade(
            "run", "--log-driver", "syslog", "--log-opt",
            "syslog-address=unixgram:///nowhere/at/all", "busybox", "true")
        #expect(outcome.exitCode != 0)
        #expect(outcome.errors.contains("cannot reach the syslog server"))
    }

    @Test func `a driver that there is not is refused by name`() throws {
        let kade = try Kade.withBusybox()
        let foreign = try kade("create", "--log-driver", "awslogs", "busybox", "true")
        #expect(foreign.exitCode != 0)
        #expect(foreign.errors.contains("Kade has no log driver 'awslogs'"))
        let option = try kade("create", "--log-opt", "colour=red", "busybox", "true")
        #expect(option.errors.contains("unknown log opt 'colour' for json-file log driver"))
    }
}
