import Foundation
import Testing

private let journald = "/usr/lib/systemd/systemd-journald"

/// `--log-driver journald`, with a journal of the test's own in the place of the machine's.
@Suite(.enabled(if: isRoot && FileManager.default.isExecutableFile(atPath: journald)))
struct JournalTests {
    private let host: NetworkNamespace
    private let kade: Kade
    private let server: Tool.Running

    init() throws {
        // Its mounts are its own, too.
        host = try NetworkNamespace(resolver: "")
        let folder = try TemporaryFolder()
        try folder.write(
            "[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\nRateLimitIntervalSec=0\n",
            to: "journald.conf")
        try folder.write("0123456789abcdef0123456789abcdef\n", to: "machine-id")
        try host.check(
            """
            mkdir -p /run/log /run/systemd
            mount -t tmpfs tmpfs /run/log
            mount -t tmpfs tmpfs /run/systemd
            mkdir /run/systemd/journal
            mount --bind \(folder.at("journald.conf")) /etc/systemd/journald.conf
            mount --bind \(folder.at("machine-id")) /etc/machine-id
            """)
        server = try host.start(journald)
        kade = try Kade.withBusybox(in: host)
        try kade.wait {
            try host.run("test", "-S", "/run/systemd/journal/socket").exitCode == 0
        }
    }

    private func end() { server.signal(SIGKILL) }

    /// A container that writes a line whenever it is told to.
    private func start(_ name: String) throws {
        try kade.check(
            "run", "-d", "--name", name, "--network", "none", "--log-driver", "journald",
            "busybox", "sh", "-c",
            "n=0; while ! [ -e /end ]; do [ -e /go ] && { rm /go; n=$((n+1)); "
                + "echo line $n; echo error $n >&2; }; sleep 0.05; done")
    }

    /// Has it write, and waits until the journal has it.
    private func write(_ name: String, _ number: Int) throws {
        try kade.check("exec", name, "touch", "/go")
        try kade.wait { try kade("logs", name).output.contains("line \(number)\n") }
        try kade.wait { try kade("logs", name).errors.contains("error \(number)\n") }
    }

    @Test func `tail and since choose as with files`() throws {
        defer { end() }
        try start("talk")
        for number in 1...3 { try write("talk", number) }
        #expect(try kade("logs", "talk").output == "line 1\nline 2\nline 3\n")
        let last = try kade("logs", "--tail", "2", "talk")
        #expect(last.output == "line 3\n" && last.errors == "error 3\n", "\(last)")
        #expect(try kade("logs", "--tail", "0", "talk").output == "")
        let stamped = try kade.check("logs", "-t", "talk").split(separator: "\n")
        let time = String(try #require(stamped[1].split(separator: " ").first))
        #expect(try kade("logs", "--since", time, "talk").output == "line 2\nline 3\n")
        // The two streams are two pipes: either's line may have been read last.
        let one = try kade("logs", "--since", time, "--tail", "1", "talk")
        #expect(["line 3\n", "error 3\n"].contains(one.output + one.errors), "\(one)")
        #expect(try kade("logs", "--until", time, "talk").output == "line 1\nline 2\n")
        try kade.check("rm", "-f", "talk")
    }

    @Test func `following begins with the last lines, and ends with the container or in time`()
        throws
    {
        defer { end() }
        try start("talk")
        try write("talk", 1)
        try write("talk", 2)
        let tail = try kade.start("logs", "-f", "--tail", "2", "talk")
        let none = try kade.start("logs", "-f", "--tail", "0", "talk")
        // What was written before it follows is not its own; so write until it hears a line.
        let soon = "\(Int(Date().timeIntervalSince1970) + 3)"
        let timed = try kade.start("logs", "-f", "--until", soon, "talk")
        try kade.wait { tail.output.contains("line 2") }
        let ended = try timed.wait()
        #expect(ended.output == "line 1\nline 2\n", "\(ended)")
        var count = 2
        try kade.wait {
            count += 1
            try write("talk", count)
            return none.output.contains("line \(count)\n")
        }
        try kade.wait { tail.output.contains("line \(count)\n") }
        try kade("exec", "talk", "touch", "/end")  // which may end before its program is waited for
        let lines = (2...count).map { "line \($0)\n" }
        #expect(try tail.wait().output == lines.joined())
        let heard = try none.wait().output
        #expect(!heard.contains("line 2\n"))
        #expect(heard.hasSuffix("line \(count)\n") && lines.joined().hasSuffix(heard), "\(heard)")
        try kade.check("rm", "-f", "talk")
    }
}
