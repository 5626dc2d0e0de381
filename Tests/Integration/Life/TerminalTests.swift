import Testing

@Suite struct TerminalTests {
    @Test func `run -it gives a terminal with the window's size and the program's exit code`()
        throws
    {
        let kade = try Kade.withBusybox()
        let outcome = try kade.terminal(
            [
                TerminalStep("# ", "tty; stty size\\n"), TerminalStep("33 101", "RESIZE"),
                TerminalStep(
                    "# ", "until stty size | grep -q ^44; do sleep 0.1; done; stty size\\n"),
                TerminalStep("44 102", "exit 9\\n"),
            ],
            "run", "-it", "--rm", "busybox", "sh")
        #expect(outcome.output.contains("/dev/pts/0") || outcome.output.contains("/dev/console"))
        #expect(outcome.output.contains("44 102"))
        #expect(outcome.exitCode == 9)
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test func `the detach keys leave the container running, and attach comes back`() throws {
        let kade = try Kade.withBusybox()
        let first = try kade.terminal(
            [TerminalStep("# ", "MARK=4; echo is-$MARK\\n"), TerminalStep("is-4", "\\x10\\x11")],
            "run", "-it", "--name", "term", "busybox", "sh")
        #expect(!first.output.contains("waited in vain"))
        #expect(first.exitCode == 0)
        #expect(try kade.inspect("term", "{{.State.Running}}") == "true")
        let second = try kade.terminal(
            [TerminalStep("", "echo again-$MARK\\n"), TerminalStep("again-4", "x")],
            "attach", "--detach-keys", "x", "term")
        #expect(second.output.contains("again-4"))
        #expect(!second.output.contains("waited in vain"))
        #expect(second.exitCode == 0)
        let third = try kade.terminal(
            [TerminalStep("", "exit 5\\n")], "attach", "term")
        #expect(third.exitCode == 5)
    }

    @Test func `exec -it has a terminal of its own`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "plain", "busybox", "sleep", "600")
        let outcome = try kade.terminal(
            [TerminalStep("# ", "stty size; tty\\n"), TerminalStep("33 101", "exit 6\\n")],
            "exec", "-it", "plain", "sh")
        #expect(outcome.output.contains("/dev/pts/"))
        #expect(outcome.exitCode == 6)
        #expect(try kade.inspect("plain", "{{.State.Running}}") == "true")
    }

    @Test func `exec -it is left by the keys that one names, and goes on`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "plain", "busybox", "sleep", "600")
        let script =
            "echo $$ > /pid; while sleep 0.1; do echo tick >> /ticks; head -c 9999 /dev/zero; done\\n"
        let outcome = try kade.terminal(
            [TerminalStep("# ", script), TerminalStep("", "\\x10\\x11")],
            "exec", "-it", "--detach-keys", "ctrl-p,ctrl-q", "plain", "sh")
        #expect(outcome.exitCode == 0, "\(outcome)")
        func ticks() throws -> Int {
            Int(try kade.check("exec", "plain", "sh", "-c", "wc -l < /ticks || echo 0")) ?? 0
        }
        let before = try ticks()
        // It writes more than a terminal holds, which somebody has to take.
        try kade.wait { try ticks() > before + 20 }
        // Its end is told all the same.
        func ends() throws -> [String] {
            try kade.check(
                "events", "--since", "0", "--until", "0s", "-f", "event=exec_die", "--format",
                "{{.Actor.Attributes.exitCode}}"
            ).split(separator: "\n").map(String.init)
        }
        #expect(try !ends().contains("137"))
        try kade.check("exec", "plain", "sh", "-c", "kill -9 $(cat /pid)")
        try kade.wait { try ends().contains("137") }
        try kade.check("rm", "-f", "plain")
        try kade.wait { try kade.leftovers().isEmpty }
    }
}
