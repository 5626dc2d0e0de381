import Testing

@Suite struct ListTests {
    @Test func `ps shows what runs, and -a all`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "up", "--label", "a=b", "busybox", "sleep", "60")
        try kade("run", "--name", "down", "busybox", "sh", "-c", "exit 3")
        try kade.check("create", "--name", "fresh", "busybox", "sh")
        let id = try kade.inspect("up", "{{.Id}}")
        #expect(try kade.check("ps", "-q") == String(id.prefix(12)))
        #expect(try kade.check("ps", "-q", "--no-trunc") == id)
        let table = try kade("ps").lines
        #expect(table.count == 2)
        #expect(table.first?.hasPrefix("CONTAINER ID   IMAGE     COMMAND") == true)
        #expect(table.last?.contains("Up ") == true)
        let all = try kade.check("ps", "-a", "--format", "{{.Names}} {{.State}}").split(
            separator: "\n")
        #expect(all == ["fresh created", "down exited", "up running"])
        #expect(
            try kade.check("ps", "-a", "--filter", "name=down", "--format", "{{.Status}}")
                .hasPrefix("Exited (3) "))
    }

    @Test func `ps -s and inspect -s measure what was written, and the image`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "--name", "one", "busybox", "sh", "-c",
            "head -c 1234 /dev/zero > /new; ln /new /again; ln -s new /soft; mkdir /d; rm /bin/ls")
        try kade.check("create", "--name", "fresh", "busybox", "true")
        #expect(try kade("ps", "-a", "-s").lines.first?.hasSuffix("NAMES     SIZE") == true)
        let sizes = try kade.check("ps", "-a", "--format", "{{.Names}} {{.Size}}").split(
            separator: "\n")
        #expect(sizes.first?.hasPrefix("fresh 0B (virtual ") == true, "\(sizes)")
        // The file once, and the three letters of the link.
        #expect(sizes.last?.hasPrefix("one 1.24kB (virtual ") == true, "\(sizes)")
        let image = try #require(
            Int(try kade.check("image", "inspect", "-f", "{{.Size}}", "busybox")))
        #expect(
            try kade.check("inspect", "-s", "-f", "{{.SizeRw}} {{.SizeRootFs}}", "one")
                == "1237 \(1237 + image)")
        #expect(try kade("inspect", "one").output.contains("SizeRw") == false)
    }

    @Test(arguments: [
        ("status=exited", "down"), ("label=a=b", "up"), ("label=a", "up"), ("exited=3", "down"),
        ("name=ow", "down"), ("ancestor=busybox", "down up"), ("status=paused", ""),
        ("before=down", "up"), ("since=up", "down"), ("is-task=true", ""),
        ("is-task=false", "down up"),
    ])
    func `a filter chooses`(filter: String, names: String) throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "up", "--label", "a=b", "busybox", "sleep", "60")
        try kade("run", "--name", "down", "busybox", "sh", "-c", "exit 3")
        let found = try kade.check("ps", "-a", "--filter", filter, "--format", "{{.Names}}")
        #expect(found.split(separator: "\n").joined(separator: " ") == names)
    }

    @Test func `names are unique, and IDs are found by their beginning`() throws {
        let kade = try Kade.withBusybox()
        let first = try kade.check("create", "--name", "one", "busybox", "sh")
        let second = try kade("create", "--name", "one", "busybox", "sh")
        #expect(second.exitCode == 125 || second.exitCode == 1)
        #expect(second.errors.contains("is already in use"))
        #expect(try kade.inspect(String(first.prefix(5)), "{{.Name}}") == "/one")
        try kade.check("rename", "one", "two")
        #expect(try kade.inspect("two", "{{.Id}}") == first)
        #expect(try kade("inspect", "one").exitCode == 1)
        try kade.check("rm", String(first.prefix(8)))
        #expect(try kade.check("ps", "-aq").isEmpty)
    }

    @Test func `inspect has the fields that scripts read`() throws {
        let kade = try Kade.withBusybox()
        let id = try kade.check(
            "run", "-d", "--name", "one", "-e", "A=1", "--label", "k=v", "-w", "/tmp",
            "--hostname", "box", "busybox", "sleep", "60")
        let text = try kade.inspect(
            "one",
            "{{.Id}} {{.Name}} {{.State.Status}} {{.State.Running}} {{.State.ExitCode}} "
                + "{{.Config.WorkingDir}} {{.Config.Hostname}} "
                + "{{index .Config.Labels \"k\"}} {{.RestartCount}} {{.Path}} {{.Args}}")
        #expect(text == "\(id) /one running true 0 /tmp box v 0 sleep [60]")
        let pid = try kade.inspect("one", "{{.State.Pid}}")
        #expect(try Tool.check("cat", "/proc/\(pid)/comm") == "sleep\n")
        #expect(try kade.inspect("one", "{{json .Config.Env}}").contains("\"A=1\""))
    }

    @Test(.cgroupsOfRoot) func `inspect has the limits`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("create", "--name", "one", "-m", "64m", "busybox", "true")
        #expect(try kade.inspect("one", "{{.HostConfig.Memory}}") == "67108864")
    }
}
