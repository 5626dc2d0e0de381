import Testing

@Suite struct WaitTests {
    @Test func `wait goes on until a condition holds`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("create", "--name", "box", "busybox", "sh", "-c", "exit 7")
        #expect(try kade.check("wait", "--condition", "created", "box") == "0")
        let next = try kade.start("wait", "--condition", "next-exit", "box")
        let removed = try kade.start("wait", "--condition", "removed", "box")
        // Until it listens, a run that has ended would be missed: so run until it has heard of one.
        try kade.wait {
            try kade("start", "-a", "box")
            return next.output == "7\n"
        }
        #expect(removed.output == "")
        try kade.check("rm", "box")
        #expect(try removed.wait().output == "7\n")
    }

    @Test func `wait knows that a container runs or is healthy`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "box", "--health-cmd", "true", "--health-interval", "100ms",
            "busybox", "sleep", "600")
        #expect(try kade.check("wait", "--condition", "healthy", "box") == "-1")
        #expect(try kade.check("wait", "--condition", "running", "box") == "-1")
        #expect(try kade("wait", "--condition", "dreaming", "box").exitCode != 0)
        #expect(try kade("wait", "--condition", "running", "nobody").exitCode == 1)
    }

    @Test(.cgroupsOfRoot) func `wait knows that a container is paused`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "box", "busybox", "sleep", "600")
        let paused = try kade.start("wait", "--condition", "paused", "--condition", "exited", "box")
        try kade.check("pause", "box")
        #expect(try paused.wait().output == "-1\n")
        try kade.check("unpause", "box")
    }
}
