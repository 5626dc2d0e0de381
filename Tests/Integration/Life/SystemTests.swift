import Testing

/// Commands about the whole of an instance.
@Suite struct SystemTests {
    @Test func `info counts containers and images, and tells the machine`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "up", "busybox", "sleep", "600")
        try kade("run", "--name", "down", "busybox", "false")
        #expect(
            try kade.check(
                "info", "-f",
                "{{.Containers}} {{.ContainersRunning}} {{.ContainersPaused}} "
                    + "{{.ContainersStopped}} {{.Images}}") == "2 1 0 1 1")
        #expect(
            try kade.check("info", "-f", "{{.DockerRootDir}} {{.RunRoot}}")
                == "\(kade.root) \(kade.runRoot)")
        let kernel = try Tool.check("uname", "-r").dropLast()
        #expect(try kade.check("info", "-f", "{{.KernelVersion}}") == kernel)
        let processors = try Tool.check("nproc", "--all").dropLast()
        #expect(try kade.check("info", "-f", "{{.NCPU}}") == processors)
        let lines = try kade("info").lines
        #expect(lines.contains("ContainersRunning: 1"))
        #expect(lines.contains("KernelVersion: \(kernel)"))
    }

    @Test(.cgroupsOfRoot) func `info counts what is paused apart from what runs`() throws {
        let kade = try Kade.withBusybox()
        for name in ["up", "held"] {
            try kade.check("run", "-d", "--name", name, "busybox", "sleep", "600")
        }
        try kade.check("pause", "held")
        #expect(
            try kade.check(
                "info", "-f", "{{.Containers}} {{.ContainersRunning}} {{.ContainersPaused}}")
                == "2 1 1")
    }

    @Test func `version answers as a client and as a server`() throws {
        let kade = try Kade()
        let version = try kade.check("version", "-f", "{{.Server.Version}}")
        #expect(version.split(separator: ".").count == 3)
        #expect(try kade.check("version", "--format", "{{.Client.Version}}") == version)
        #expect(try kade("version").lines.contains(" Version:  \(version)"))
        #expect(try kade.check("--version").contains(version))
    }

    @Test func `container prune removes what has ended, and asks before`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "up", "busybox", "sleep", "600")
        try kade("run", "--name", "down", "--label", "keep=yes", "busybox", "false")
        try kade.check("create", "--name", "fresh", "busybox", "sh")
        let fresh = try kade.inspect("fresh", "{{.Id}}")
        let refused = try kade("container", "prune")  // nobody answers
        #expect(refused.exitCode == 1)
        #expect(refused.output.contains("This will remove all stopped containers"))
        #expect(try kade.check("ps", "-aq").split(separator: "\n").count == 3)
        try kade.check("container", "prune", "-f", "--filter", "until=1h")
        #expect(try kade.check("ps", "-aq").split(separator: "\n").count == 3)
        #expect(try kade("container", "prune", "-f", "--filter", "status=exited").exitCode == 1)
        let pruned = try kade("container", "prune", "-f", "--filter", "label!=keep")
        #expect(pruned.lines == ["Deleted Containers:", fresh, "Total reclaimed space: 0B"])
        try kade.check("container", "prune", "-f", "--filter", "label=keep", "--filter", "until=0s")
        #expect(try kade.check("ps", "-a", "--format", "{{.Names}}") == "up")
    }
}
