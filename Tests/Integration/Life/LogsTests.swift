import Foundation
import Testing

@Suite struct LogsTests {
    @Test func `logs keep the streams apart and every byte`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "--name", "talk", "busybox", "sh", "-c", "echo out; echo err >&2; printf open")
        let outcome = try kade("logs", "talk")
        #expect(outcome.output == "out\nopen")
        #expect(outcome.errors == "err\n")
        // With one stream, as two are two pipes: either's line may have been read last.
        try kade.check(
            "run", "--name", "one", "busybox", "sh", "-c", "echo out; printf open")
        #expect(try kade.check("logs", "--tail", "1", "one") == "open")
        #expect(try kade.check("logs", "--details", "talk") == " out\n open")
        #expect(try kade("logs", "--tail", "0", "talk").output.isEmpty)
    }

    @Test func `-t puts the time before a line, and --since and --until choose by it`() throws {
        let kade = try Kade.withBusybox()
        // A line's time is that of its arrival: the second must not be there when the first is read.
        try kade.check(
            "run", "-d", "--name", "talk", "busybox", "sh", "-c",
            "echo one; while ! [ -e /go ]; do sleep 0.05; done; echo two")
        try kade.wait { try kade("logs", "talk").output == "one\n" }
        // The container may be faster to end than exec, and take touch along: 137.
        try kade("exec", "talk", "touch", "/go")
        try kade.check("wait", "talk")
        let lines = try kade("logs", "-t", "talk").lines.map { $0.split(separator: " ") }
        #expect(lines.map { $0.last.map(String.init) } == ["one", "two"])
        let second = String(try #require(lines.last?.first))
        #expect(second.hasSuffix("Z"))
        #expect(try kade.check("logs", "--since", second, "talk") == "two")
        #expect(try kade.check("logs", "--until", second, "talk").hasPrefix("one"))
        #expect(try kade.check("logs", "--since", "1h", "talk") == "one\ntwo")
    }

    @Test func `-f follows until the container ends`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "talk", "busybox", "sh", "-c",
            "echo one; while ! [ -e /go ]; do sleep 0.05; done; echo two")
        let logs = try kade.start("logs", "-f", "talk")
        try kade.wait { logs.output == "one\n" }
        // The container may be faster to end than exec, and take touch along: 137.
        try kade("exec", "talk", "touch", "/go")
        let outcome = try logs.wait()
        #expect(outcome.output == "one\ntwo\n")
        #expect(outcome.exitCode == 0)
    }

    @Test func `logs of a container that is not there say so`() throws {
        let outcome = try Kade.withBusybox()("logs", "nobody")
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("No such container: nobody"))
    }
}
