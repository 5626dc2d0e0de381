import Testing

@Suite struct SystemPruneTests {
    @Test func `what no container uses goes, and the space is told`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "--name", "ended", "busybox", "sh", "-c", "head -c 100000 /dev/zero > /f")
        try kade.check("run", "-d", "--name", "runs", "busybox", "sleep", "600")
        let id = try kade.inspect("ended", "{{.Id}}")
        let asked = try kade("system", "prune")
        #expect(asked.output.contains("  - all stopped containers\n"))
        #expect(asked.output.contains("  - unused build cache\n"))
        #expect(try kade.check("ps", "-aq").split(separator: "\n").count == 2)
        let lines = try kade("system", "prune", "-f").lines
        #expect(lines.prefix(2) == ["Deleted Containers:", id])
        #expect(lines.last?.hasPrefix("Total reclaimed space: ") == true)
        #expect(lines.last?.hasSuffix(" 0B") == false)
        #expect(try kade.check("ps", "-aq").split(separator: "\n").count == 1)
        #expect(try kade.check("images", "-q") != "")
        try kade.check("rm", "-f", "runs")
        #expect(try kade("system", "prune", "-af").output.contains("untagged: busybox:latest"))
        #expect(try kade.check("images", "-q") == "")
    }

    @Test func `a filter chooses by label and time`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("create", "--name", "kept", "-l", "keep", "busybox", "true")
        try kade.check("create", "--name", "new", "busybox", "true")
        try kade.check("system", "prune", "-f", "--filter", "until=1h")
        #expect(try kade.check("ps", "-aq").split(separator: "\n").count == 2)
        try kade.check("system", "prune", "-f", "--filter", "label!=keep")
        #expect(try kade.check("ps", "-a", "--format", "{{.Names}}") == "kept")
        #expect(try kade("system", "prune", "-f", "--filter", "colour=red").exitCode == 1)
        let refused = try kade("system", "prune", "-f", "--volumes", "--filter", "until=1h")
        #expect(refused.errors.contains("\"until\" filter is not supported with \"--volumes\""))
    }

    @Test func `a reset leaves nothing`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "-v", "named:/b", "-v", "/a", "busybox", "sleep", "600")
        try kade.check("create", "--name", "ended", "busybox", "true")
        try kade.check("secret", "create", "--env", "key", "PATH")
        let asked = try kade("system", "reset")
        #expect(asked.exitCode == 1 && asked.output.contains("  - all containers, also those"))
        let plan = try kade.check("system", "reset", "--plan")
        #expect(plan.contains("busybox"), "\(plan)")
        #expect(try kade.check("ps", "-aq").split(separator: "\n").count == 2)
        #expect(try kade("system", "reset", "-f").exitCode == 0)
        for words in ["ps -aq", "images -aq", "volume ls -q", "secret ls -q"] {
            let list = words.split(separator: " ").map(String.init)
            let outcome = try kade.call(list)
            #expect(outcome.output.isEmpty, "\(list): \(outcome)")
        }
        try kade.wait { try kade.leftovers().isEmpty }
        // It goes on as a new one.
        #expect(try kade("images").exitCode == 0)
    }

    @Test func `anonymous volumes go where that is asked, and named ones never`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "--name", "box", "-v", "/a", "-v", "named:/b", "busybox", "true")
        let prune = try kade.check("system", "prune", "-f")
        #expect(!prune.contains("Deleted Volumes:"))
        #expect(try kade.check("volume", "ls", "-q").split(separator: "\n").count == 2)
        #expect(try kade.check("system", "prune", "-f", "--volumes").contains("Deleted Volumes:"))
        #expect(try kade.check("volume", "ls", "-q") == "named")
    }
}
