import Testing

@Suite struct StateTests {
    @Test func `stop asks first and kills then`() throws {
        let kade = try Kade.withBusybox()
        let patient = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"
        try kade.check("run", "-d", "--name", "kind", "busybox", "sh", "-c", patient)
        try kade.check("run", "-d", "--name", "deaf", "busybox", "sleep", "600")
        try kade.check(
            "run", "-d", "--name", "intr", "--stop-signal", "INT", "busybox", "sh", "-c",
            "trap 'exit 6' INT; echo ready; while :; do sleep 0.05; done")
        try kade.check(
            "run", "-d", "--init", "--name", "init", "busybox", "sh", "-c",
            "echo ready; exec sleep 600")
        for name in ["kind", "intr", "init"] { try waitForTrap(of: name, in: kade) }
        try kade.check("stop", "kind", "intr", "init")
        try kade.check("stop", "-t", "0", "deaf")
        let codes = try kade.check(
            "inspect", "-f", "{{.State.ExitCode}}", "kind", "deaf", "intr", "init")
        #expect(codes.split(separator: "\n") == ["7", "137", "6", "143"])
        try kade.check("stop", "kind")
    }

    @Test func `kill sends what it is told`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "one", "busybox", "sh", "-c",
            "trap 'echo usr1' USR1; echo ready; while :; do sleep 0.05; done")
        try waitForTrap(of: "one", in: kade)
        try kade.check("kill", "-s", "USR1", "one")
        try kade.wait { try kade.check("logs", "one") == "ready\nusr1" }
        let waiting = try kade.start("wait", "one")
        try kade.check("kill", "one")
        #expect(try waiting.wait().output == "137\n")
        #expect(try kade("kill", "one").errors.contains("is not running"))
        #expect(try kade("kill", "-s", "NOPE", "one").exitCode != 0)
    }

    @Test func `a stopped container starts again with its files`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "one", "busybox", "sh", "-c", "echo x >> /count; sleep 600")
        try kade.wait { try kade("exec", "one", "cat", "/count").output == "x\n" }
        try kade.check("restart", "-t", "0", "one")
        try kade.wait { try kade("exec", "one", "cat", "/count").output == "x\nx\n" }
        #expect(try kade.check("diff", "one") == "A /count")
    }

    @Test func `on-failure restarts as often as it is told, and not after success`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "bad", "--restart", "on-failure:2", "busybox", "sh", "-c",
            "echo x >> /count; exit 3")
        try kade.check(
            "run", "-d", "--name", "good", "--restart", "on-failure", "busybox", "true")
        try kade.wait {
            try kade.inspect("bad", "{{.RestartCount}} {{.State.Status}}") == "2 exited"
        }
        #expect(try kade.inspect("bad", "{{.State.ExitCode}}") == "3")
        try kade.wait { try kade.inspect("good", "{{.State.Status}}") == "exited" }
        #expect(try kade.inspect("good", "{{.RestartCount}}") == "0")
    }

    @Test func `always restarts until a stop`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "one", "--restart", "always", "busybox", "sh", "-c",
            "echo run; sleep 0.1")
        try kade.wait { try kade("logs", "one").lines.count >= 3 }
        try kade.check("stop", "-t", "0", "one")
        let count = try kade.inspect("one", "{{.RestartCount}}")
        try Tool.check("sleep", "1")
        #expect(try kade.inspect("one", "{{.State.Status}} {{.RestartCount}}") == "exited \(count)")
    }

    @Test(.cgroupsOfRoot) func `pause freezes, unpause thaws`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "one", "busybox", "sh", "-c",
            "while :; do echo tick; sleep 0.02; done")
        try kade.check("pause", "one")
        #expect(try kade.check("ps", "--format", "{{.Status}}").hasSuffix("(Paused)"))
        var before = -1
        try kade.wait {  // until the monitor has read what was written before
            let last = before
            before = try kade.check("logs", "one").count
            try Tool.check("sleep", "0.3")
            return before == last
        }
        try Tool.check("sleep", "0.3")
        #expect(try kade.check("logs", "one").count == before)
        #expect(try kade("exec", "one", "true").errors.contains("is paused"))
        try kade.check("unpause", "one")
        try kade.wait { try kade.check("logs", "one").count > before }
        try kade.check("pause", "one")
        try kade.check("rm", "-f", "one")
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test func `diff lists what was added, changed and deleted`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "--name", "one", "busybox", "sh", "-c",
            "echo x > /new; echo y >> /etc/group; rm /bin/ls")
        let changes = try kade.check("diff", "one").split(separator: "\n")
        #expect(changes == ["C /bin", "D /bin/ls", "C /etc", "C /etc/group", "A /new"])
    }

    @Test func `top shows the container's processes alone`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "61")
        let lines = try kade("top", "one", "-o", "pid,args").lines
        #expect(lines.count == 2)
        #expect(lines.last?.contains("sleep 61") == true)
    }

    /// Waits until the shell inside has set its trap and says so.
    private func waitForTrap(of container: String, in kade: Kade) throws {
        try kade.wait { try kade.check("logs", container) == "ready" }
    }
}
