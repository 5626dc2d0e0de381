import Testing

@Suite struct UpdateCommandTests {
    /// A limit as the container's own cgroup has it, whichever version the machine has.
    private func limit(_ kade: Kade, _ name: String, v1: String, v2: String) throws -> String {
        let id = try kade.inspect(name, "{{.Id}}")
        let files = try Kade.cgroups(of: id).flatMap { ["\($0)/\(v1)", "\($0)/\(v2)"] }
        return try Tool.run("sh", "-c", "cat \(files.joined(separator: " ")) 2>/dev/null").lines
            .first ?? ""
    }

    @Test(.cgroupsOfRoot)
    func `limits change while the container runs, and stay over a restart`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("run", "-d", "--name", "box", "-m", "64m", "busybox", "sleep", "600")
        #expect(try kade.check("update", "-m", "96m", "--pids-limit", "33", "box") == "box")
        for _ in 0..<2 {
            #expect(
                try limit(kade, "box", v1: "memory.limit_in_bytes", v2: "memory.max")
                    == "\(96 << 20)")
            #expect(try limit(kade, "box", v1: "pids.max", v2: "pids.max") == "33")
            #expect(try kade.inspect("box", "{{.HostConfig.Memory}}") == "\(96 << 20)")
            #expect(try kade.inspect("box", "{{.HostConfig.PidsLimit}}") == "33")
            try kade.check("restart", "-t", "0", "box")
        }
    }

    @Test(.cgroupsOfRoot)
    func `a restart that the monitor makes keeps the new limits`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "box", "--restart", "always", "busybox", "sh", "-c",
            "while ! [ -e /go ]; do sleep 0.05; done; rm /go")
        try kade.check("update", "--pids-limit", "44", "box")
        try kade("exec", "box", "touch", "/go")
        try kade.wait { try kade.inspect("box", "{{.RestartCount}}") == "1" }
        try kade.wait { try kade.inspect("box", "{{.State.Status}}") == "running" }
        #expect(try limit(kade, "box", v1: "pids.max", v2: "pids.max") == "44")
    }

    @Test(.cgroupsOfRoot)
    func `a container that does not run has its limits from its next start`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("create", "--name", "box", "busybox", "sleep", "600")
        try kade.check("update", "--cpus", "0.5", "--restart", "on-failure:3", "box")
        #expect(try kade.inspect("box", "{{.HostConfig.NanoCpus}}") == "500000000")
        #expect(
            try kade.inspect("box", "{{json .HostConfig.RestartPolicy}}")
                == #"{"Name":"on-failure","MaximumRetryCount":3}"#)
        try kade.check("start", "box")
        let quota = try limit(kade, "box", v1: "cpu.cfs_quota_us", v2: "cpu.max")
        #expect(quota == "50000" || quota == "50000 100000")
    }

    @Test func `a policy that changes counts for the monitor that runs`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "box", "busybox", "sh", "-c",
            "while ! [ -e /go ]; do sleep 0.05; done; rm /go; exit 1")
        try kade.check("update", "--restart", "on-failure:1", "box")
        try kade("exec", "box", "touch", "/go")
        try kade.wait { try kade.inspect("box", "{{.RestartCount}}") == "1" }
    }

    @Test(.cgroupsOfRoot)
    func `what does not fit is refused and changes nothing`() throws {
        let kade = try Kade.withBusybox()
        try kade.check("create", "--name", "box", "-m", "64m", "busybox", "true")
        let tooMuch = try kade("update", "-m", "1g", "box")
        #expect(tooMuch.exitCode == 1)
        #expect(tooMuch.errors.contains("already set memoryswap limit"))
        #expect(try kade.inspect("box", "{{.HostConfig.Memory}}") == "\(64 << 20)")
        let nothing = try kade("update", "box")
        #expect(nothing.errors.contains("you must provide one or more flags"))
        #expect(try kade("update", "--cpus", "0.5", "nobody").exitCode == 1)
    }

    @Test(.enabled(if: isRoot), .cgroupsOfRoot)
    func `a limit that comes while the container runs is watched`() throws {
        let kade = try Kade.withBusybox()
        try kade.check(
            "run", "-d", "--name", "box", "busybox", "sh", "-c",
            "while ! [ -e /go ]; do sleep 0.05; done; tail /dev/zero; echo went on; "
                + "exec sleep 600")
        try kade.check("update", "-m", "16m", "--memory-swap", "16m", "box")
        try kade.check("exec", "box", "touch", "/go")
        try kade.wait { try kade.check("logs", "box").contains("went on") }
        try kade.wait {
            try kade.check(
                "events", "--since", "0", "--until", "0s", "-f", "container=box", "--format",
                "{{.Action}}"
            ).contains("oom")
        }
        #expect(try kade.inspect("box", "{{.State.Running}}") == "true")
        try kade.check("kill", "box")
        try kade.check("wait", "box")
        let why = try kade.check("why", "box")
        #expect(why.contains("16777216 bytes"), "\(why)")
    }
}
