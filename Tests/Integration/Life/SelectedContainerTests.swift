import Testing

/// Flags that find containers in the place of their names.
@Suite struct SelectedContainerTests {
    let kade: Kade

    init() throws {
        kade = try Kade.withBusybox()
        for (name, label) in [("aa", "odd"), ("bb", "even"), ("cc", "odd")] {
            try kade.check(
                "run", "-d", "--name", name, "-l", "number=\(label)", "busybox", "sleep", "600")
        }
        try kade.check("create", "--name", "made", "busybox", "true")
    }

    private func running() throws -> [String] {
        try kade("ps", "--format", "{{.Names}}").lines.sorted()
    }

    @Test func `the latest container is the one that was made last`() throws {
        try kade.check("rm", "--latest")
        #expect(try kade("inspect", "made").exitCode == 1)
        #expect(try kade.check("exec", "-l", "echo", "-l") == "-l")
        #expect(try kade.check("inspect", "-l", "-f", "{{.Name}}") == "/cc")
        #expect(try kade("logs", "-l", "cc").exitCode != 0)
        let plan = try kade.check("stop", "-l", "--plan")
        #expect(!plan.isEmpty)
        try kade.check("stop", "-l", "-t", "0")
        #expect(try running() == ["aa", "bb"])
    }

    @Test func `all, or what matches`() throws {
        try kade.check("stop", "-t", "0", "--filter", "label=number=odd")
        #expect(try running() == ["bb"])
        try kade.check("restart", "-t", "0", "--filter", "label=number=odd")
        #expect(try running() == ["aa", "bb", "cc"])
        let mixed = try kade("kill", "--all", "aa")
        #expect(mixed.exitCode == 125 && mixed.errors.contains("found by a flag"), "\(mixed)")
        try kade.check("kill", "--all")
        try kade.wait { try running().isEmpty }
        #expect(try kade("kill", "--all").exitCode == 0)
        #expect(try kade("rm", "--all").lines.count == 4)
        #expect(try kade("rm", "--latest").errors.contains("there is no container"))
    }

    @Test func `a file says which`() throws {
        let file = kade.folder.at("id")
        try kade.check("run", "-d", "--cidfile", file, "--name", "dd", "busybox", "sleep", "600")
        try kade.check("rm", "-f", "--cidfile", file)
        #expect(try running() == ["aa", "bb", "cc"])
    }
}
