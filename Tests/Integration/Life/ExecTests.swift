import Testing

@Suite struct ExecTests {
    @Test func `exec runs with the user, directory and environment that it is given`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "one", "-e", "OWN=1", "busybox", "sleep", "600")
        let text = try kade.check(
            "exec", "-u", "ann", "-w", "/tmp", "-e", "NEW=2", "one", "sh", "-c",
            "echo $(id -u):$(id -g) $(pwd) $OWN $NEW $HOME")
        #expect(text == "1000:1001 /tmp 1 2 /home/ann")
        #expect(try kade("exec", "one", "sh", "-c", "exit 42").exitCode == 42)
        #expect(try kade("exec", "one", "sh", "-c", "kill -9 $$").exitCode == 137)
    }

    @Test func `what cannot run ends with 127 and 126, and no container with 1`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        let missing = try kade("exec", "one", "no-such-command")
        #expect(missing.exitCode == 127)
        #expect(missing.errors.contains("executable file not found in $PATH"))
        #expect(try kade("exec", "one", "/etc/passwd").exitCode == 126)
        #expect(try kade("exec", "two", "true").exitCode != 0)
        try kade.check("kill", "one")
        try kade.check("wait", "one")
        #expect(try kade("exec", "one", "true").errors.contains("is not running"))
    }

    @Test func `exec -d returns at once, and the process lives on`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        try kade.check("exec", "-d", "one", "sh", "-c", "sleep 0.2; touch /done; sleep 50")
        try kade.wait { try kade("exec", "one", "test", "-e", "/done").exitCode == 0 }
        #expect(try kade("top", "one").output.contains("sleep 50"))
    }
}
