import Foundation
import Testing

@Suite struct StreamTests {
    @Test func `a megabyte travels through cat whole`() throws {
        let kade = try Kade.withBusybox()
        let input = kade.folder.at("input")
        let output = kade.folder.at("output")
        try Tool.check("sh", "-c", "head -c 1048576 /dev/urandom > \(input)")
        let run = kade.commandLine(["run", "-i", "--rm", "busybox", "cat"]).joined(separator: " ")
        let outcome = try Tool.run("timeout", "300", "sh", "-c", "\(run) < \(input) > \(output)")
        #expect(outcome.exitCode == 0)
        try Tool.check("cmp", input, output)
        let piped = try Tool.run(
            "timeout", "300", "sh", "-c",
            "cat \(input) | \(run) | { sleep 0.5; cat; } > \(output)")
        #expect(piped.exitCode == 0)
        try Tool.check("cmp", input, output)
    }

    @Test func `without -i the program's input is empty`() throws {
        let kade = try Kade.withBusybox()
        #expect(try kade.shell("cat; echo end").output == "end\n")
    }

    @Test func `exec passes its input and a megabyte of output`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "plain", "busybox", "sleep", "600")
        let run = kade.commandLine(["exec", "-i", "plain", "cat"]).joined(separator: " ")
        let count = try Tool.check(
            "timeout", "300", "sh", "-c", "head -c 1048576 /dev/zero | \(run) | wc -c")
        #expect(count == "1048576\n")
    }

    @Test func `attach follows the output and returns the exit code`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "plain", "busybox", "sh", "-c",
            "trap 'echo bye; exit 4' TERM; while :; do echo tick; sleep 0.05; done")
        let attached = try kade.start("attach", "--sig-proxy=false", "plain")
        try kade.wait { attached.output.contains("tick") }
        try kade.check("stop", "plain")
        let outcome = try attached.wait()
        #expect(outcome.output.contains("bye"))
        #expect(outcome.exitCode == 4)
    }

    @Test func `attach passes a signal on`() throws {
        let kade = try Kade.withBusybox()
        let run = try kade.start(
            "run", "--name", "plain", "busybox", "sh", "-c",
            "trap 'exit 8' TERM; echo ready; while :; do sleep 0.05; done")
        try kade.wait { run.output.contains("ready") }
        kill(run.process.processIdentifier, SIGTERM)
        #expect(try run.wait().exitCode == 8)
    }

    @Test func `killing kade run harms no container`() throws {
        let kade = try Kade.withBusybox()
        let run = try kade.start(
            "run", "--name", "plain", "busybox", "sh", "-c",
            "while :; do echo tick; sleep 0.05; done")
        try kade.wait { run.output.contains("tick") }
        run.signal(SIGKILL)
        _ = try run.wait()
        let before = try kade.check("logs", "plain").count
        try kade.wait { try kade.check("logs", "plain").count > before + 20 }
        #expect(try kade.inspect("plain", "{{.State.Status}}") == "running")
    }

    @Test func `a monitor sleeps while nothing happens, also when its client has died`() throws {
        let kade = try Kade.withBusybox()
        let run = try kade.start(
            "run", "--name", "plain", "busybox", "sh", "-c", "echo ready; exec sleep 600")
        try kade.wait { run.output.contains("ready") }
        let container = try kade.inspect("plain", "{{.State.Pid}}")
        let monitor = try String(contentsOfFile: "/proc/\(container)/stat", encoding: .utf8)
            .split(separator: " ")[3]
        run.signal(SIGKILL)
        _ = try run.wait()
        // One that is woken for ever never has a third of a second without a context switch.
        try kade.wait {
            let before = try Self.switches(of: monitor)
            usleep(300_000)
            return try Self.switches(of: monitor) == before
        }
    }

    /// The lines of `/proc/<pid>/status` that count context switches, and the processor time.
    private static func switches(of pid: Substring) throws -> [Substring] {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        return status.split(separator: "\n").filter { $0.contains("ctxt_switches") }
            + stat.split(separator: " ")[13...14]
    }

    @Test func `a detached container holds no descriptor of its caller open`() throws {
        let kade = try Kade.withBusybox()
        let run = kade.commandLine(["run", "-d", "busybox", "sleep", "600"]).joined(separator: " ")
        // The pipe ends for cat when nobody has its descriptor 9 any more.
        let outcome = try Tool.run(
            "timeout", "300", "sh", "-c", "{ \(run) 9>&1 >/dev/null; } | cat")
        #expect(outcome.exitCode == 0)
    }
}
