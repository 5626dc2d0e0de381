import Testing

@Suite struct StatsTests {
    @Test(.cgroupsOfRoot) func `stats show what a container uses, with Docker's columns`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "busy", "-m", "64m", "--pids-limit", "10", "busybox", "sh", "-c",
            "while :; do :; done")
        let table = try kade("stats", "--no-stream").lines
        #expect(
            table[0].split(separator: " ").joined(separator: " ")
                == "CONTAINER ID NAME CPU % MEM USAGE / LIMIT MEM % NET I/O BLOCK I/O PIDS")
        #expect(table.count == 2)
        let fields = try kade.check(
            "stats", "--no-stream", "--format",
            "{{.Name}} {{.PIDs}} {{.MemUsage}} {{.CPUPerc}} {{.NetIO}}", "busy"
        ).split(separator: " ")
        #expect(fields[0] == "busy")
        #expect(fields[1] == "1")
        #expect(fields[4] == "64MiB")
        #expect(fields[5] != "0.00%")
        #expect(fields[6...].joined(separator: " ") == "0B / 0B")
    }

    @Test func `what does not run is shown where it is asked for, with nothing used`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("create", "--name", "idle", "busybox", "true")
        #expect(try kade("stats", "--no-stream").lines.count == 1)
        let line = try kade.check("stats", "-a", "--no-stream", "--format", "json")
        #expect(line.contains(#""CPUPerc":"0.00%""#))
        #expect(line.contains(#""Name":"idle""#))
        #expect(line.contains(#""MemUsage":"0B / 0B""#))
    }

    @Test(.cgroupsOfRoot) func `a stream goes on until its container is gone`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "box", "busybox", "sleep", "600")
        let stream = try kade.start("stats", "--format", "{{.Name}}", "box")
        try kade.wait { stream.output.hasPrefix("box\nbox\n") }
        try kade.check("rm", "-f", "box")
        #expect(try stream.wait().exitCode == 0)
    }

    @Test func `a container that is not there is an error`() throws {
        let outcome = try Kade()("stats", "--no-stream", "nobody")
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("No such container: nobody"))
    }
}
