import Testing

/// Exit codes of `run`: the command's own, and 125, 126, 127 and 128+n.
@Suite struct ExitCodeTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

    @Test(arguments: [0, 1, 42, 255])
    func `the command's exit code is kade's`(code: Int32) throws {
        #expect(try kade.shell("exit \(code)").exitCode == code)
    }

    /// Between the program's end and the monitor's note of it, and between that and the monitor's
    /// own end, lie moments in which somebody may ask.
    @Test func `an end is noted before it is shown`() throws {
        for _ in 0..<15 {
            let id = try kade.check("run", "-d", "busybox", "sh", "-c", "exit 5")
            var seen = ""
            while seen != "exited 5" {
                seen = try kade.inspect(id, "{{.State.Status}} {{.State.ExitCode}}")
                try #require(["running 0", "exited 5"].contains(seen))
            }
        }
    }

    @Test func `a command that is not there is 127 and says so`() throws {
        let inPath = try kade("run", "--rm", "busybox", "no-such-command")
        #expect(inPath.exitCode == 127)
        #expect(inPath.errors.contains("no-such-command"))
        #expect(inPath.errors.contains("executable file not found in $PATH"))
        let absolute = try kade("run", "--rm", "busybox", "/no/such/command")
        #expect(absolute.exitCode == 127)
        #expect(absolute.errors.contains("no such file or directory"))
    }

    @Test func `a command that cannot be executed is 126 and says so`() throws {
        let directory = try kade("run", "--rm", "busybox", "/etc")
        #expect(directory.exitCode == 126, "\(directory)")
        let plain = try kade("run", "--rm", "busybox", "/etc/passwd")
        #expect(plain.exitCode == 126)
        #expect(plain.errors.contains("permission denied"))
    }

    @Test func `what kade refuses is 125 and leaves nothing`() throws {
        let flag = try kade("run", "--no-such-flag", "busybox", "true")
        #expect(flag.exitCode == 125)
        #expect(flag.errors.contains("no-such-flag"))
        let image = try kade("run", "--pull", "never", "no-such-image", "true")
        #expect(image.exitCode == 125)
        #expect(image.errors.contains("no-such-image"))
        let command = try kade("run", "no-image-given-and", "--pull=never")
        #expect(command.exitCode == 125)
        #expect(try kade.check("ps", "-aq").isEmpty)
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test(arguments: [("KILL", 137), ("TERM", 143), ("INT", 130), ("SEGV", 139)])
    func `a signal's end is 128 and its number`(signal: String, code: Int32) throws {
        let outcome = try kade.shell("sh -c 'kill -\(signal) $$'; exit $?")
        #expect(outcome.exitCode == code)
        // An init passes on what asks for an end, not what reports a fault of its own.
        guard signal != "SEGV" else { return }
        let id = try kade.check(
            "run", "-d", "--init", "busybox", "sh", "-c", "echo ready; exec sleep 600")
        // Before, the init would have nobody to hand the signal on to.
        try kade.wait { try kade("logs", id).output.contains("ready") }
        try kade.check("kill", "-s", signal, id)
        #expect(try kade.check("wait", id) == "\(code)")
        #expect(try kade.inspect(id, "{{.State.ExitCode}}") == "\(code)")
    }

    @Test func `a signal to kade run reaches the container`() throws {
        let running = try kade.start(
            "run", "--rm", "busybox", "sh", "-c",
            "trap 'echo caught; exit 3' TERM; echo ready; while :; do sleep 0.05; done")
        try kade.wait { running.output.contains("ready") }
        running.signal(15)
        let outcome = try running.wait()
        #expect(outcome.exitCode == 3)
        #expect(outcome.output == "ready\ncaught\n")
        try kade.wait { try kade.leftovers().isEmpty }
    }

    @Test func `a failed start of a container that stays is recorded`() throws {
        let outcome = try kade("run", "--name", "broken", "busybox", "no-such-command")
        #expect(outcome.exitCode == 127)
        #expect(try kade.inspect("broken", "{{.State.ExitCode}}") == "127")
        #expect(try kade.inspect("broken", "{{.State.Error}}").contains("no-such-command"))
        #expect(try kade("start", "-a", "broken").exitCode == 127)
    }
}
