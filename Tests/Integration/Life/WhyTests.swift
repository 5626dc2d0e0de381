import Foundation
import Testing

/// `kade why`: each cause is provoked for real, and found in the records.
@Suite(.enabled(if: isRoot)) struct WhyTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

    /// Waits for a container's end, and says why that was.
    private func end(of container: String) throws -> [Cause] {
        try kade.check("wait", container)
        return try kade.causes(of: container)
    }

    @Test func `an exit code comes with the last words`() throws {
        try kade("run", "--name", "one", "busybox", "sh", "-c", "echo no such ship >&2; exit 3")
        let found = try kade.causes(of: "one")
        #expect(found.map(\.kind) == ["exitCode"])
        #expect(found[0].what.contains("exit code 3, the program's own"))
        #expect(found[0].evidence == ["it wrote: no such ship"])
        let text = try kade.check("why", "one")
        #expect(text.contains("Exited (3)"))
        #expect(text.contains("to do: kade logs one"))
    }

    @Test func `a shell's 127 and 143 are told from the start's own`() throws {
        try kade("run", "--name", "one", "busybox", "sh", "-c", "no-such-command")
        #expect(try kade.causes(of: "one")[0].text.contains("not found"))
        try kade("run", "--name", "two", "busybox", "sh", "-c", "sh -c 'kill $$'; exit $?")
        #expect(try kade.causes(of: "two")[0].text.contains("SIGTERM"))
    }

    @Test func `what is well has no causes`() throws {
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        #expect(try kade.causes(of: "one").isEmpty)
        try kade.check("run", "--name", "two", "busybox", "true")
        #expect(try kade.causes(of: "two").isEmpty)
        #expect(try kade.check("why", "two").contains("Nothing is known to be wrong"))
        #expect(try kade("why", "three").exitCode != 0)
    }

    @Test func `a stop says who asked, and that the program did not listen`() throws {
        try kade.check("run", "-d", "--name", "deaf", "busybox", "sleep", "600")
        try kade.check("stop", "-t", "1", "deaf")
        let deaf = try kade.causes(of: "deaf")
        #expect(deaf.map(\.kind) == ["patience"])
        #expect(deaf[0].what.contains("asked to end with SIGTERM"))
        let user = kade.user == nil ? 0 : TestUser.id
        #expect(deaf[0].text.contains("of user \(user): kade "), "\(deaf[0].text)")
        #expect(deaf[0].fix?.contains("--init") == true)
        try kade.check("run", "-d", "--init", "--name", "kind", "busybox", "sleep", "600")
        try kade.wait {
            try kade("exec", "kind", "ps").output.contains("sleep 600")
        }
        try kade.check("stop", "kind")
        let kind = try kade.causes(of: "kind")
        #expect(kind.map(\.kind) == ["stopped"])
        #expect(kind[0].text.contains("took the signal and ended by itself: exit code 143"))
    }

    @Test func `a kill by kade is told from one by a stranger`() throws {
        for name in ["one", "two", "three"] {
            try kade.check("run", "-d", "--name", name, "--pid", "host", "busybox", "sleep", "600")
        }
        try kade.check("kill", "one")
        let killed = try end(of: "one")
        #expect(killed.map(\.kind) == ["stopped"])
        #expect(killed[0].what.contains("SIGKILL"))
        try kade.check("kill", "-s", "USR1", "two")
        let user = try end(of: "two")
        #expect(user.map(\.kind) == ["stopped"])
        #expect(user[0].what.contains("kade kill sent it SIGUSR1"))
        try Tool.check("kill", "-9", try kade.inspect("three", "{{.State.Pid}}"))
        let stranger = try end(of: "three")
        #expect(stranger.map(\.kind) == ["signal"])
        #expect(stranger[0].text.contains("nobody sent it by Kade"))
        #expect(stranger[0].text.contains("no process of it killed for want of memory"))
    }

    @Test(.cgroupsOfRoot)
    func `memory that ran out names the limit, the peak and the process`() throws {
        try kade("run", "--name", "one", "-m", "16m", "busybox", "tail", "/dev/zero")
        let found = try kade.causes(of: "one")
        #expect(found.map(\.kind) == ["outOfMemory"])
        #expect(found[0].what.contains("(tail) because memory ran out: the container's limit"))
        #expect(found[0].evidence.contains("its own limit: 16777216 bytes (--memory)"))
        #expect(found[0].evidence.contains { $0.hasPrefix("used at most: 16") })
        #expect(found[0].evidence.contains("that was its first process"))
        #expect(found[0].fix?.contains("kade update --memory 33554432") == true)
        // A child's end need not be the container's.
        try kade(
            "run", "--name", "two", "-m", "16m", "busybox", "sh", "-c", "tail /dev/zero; exit 5")
        let child = try kade.causes(of: "two")
        #expect(child.map(\.kind) == ["outOfMemory"])
        #expect(child[0].text.contains("that was not its first process"))
        #expect(child[0].text.contains("exit code 5"))
    }

    @Test(.rootOnly("the kernel's log, which has the call's number, is root's to read"))
    func `a call that the filter ends it for has a name`() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            """
            {"defaultAction": "SCMP_ACT_ALLOW",
             "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_KILL_PROCESS"}]}
            """, to: "profile.json")
        try kade(
            "run", "--name", "one", "--security-opt", "seccomp=\(folder.at("profile.json"))",
            "busybox", "mkdir", "/x")
        let found = try kade.causes(of: "one")
        #expect(found.map(\.kind) == ["seccomp"])
        #expect(found[0].what.contains("it called mkdir"))
        #expect(found[0].fix?.contains("let the profile allow mkdir") == true)
    }

    @Test func `health checks that failed say what they found`() throws {
        try kade.check(
            "run", "-d", "--name", "one", "--health-cmd", "echo leaking; exit 4",
            "--health-interval", "100ms", "--health-retries", "2", "--health-on-failure", "kill",
            "busybox", "sleep", "600")
        let found = try end(of: "one")
        #expect(found.map(\.kind) == ["unhealthy", "unhealthy"])
        #expect(found[0].what.contains("ended for that with SIGKILL"))
        #expect(found[1].what.contains("failed 2 times in a row"))
        #expect(found[1].evidence.last?.hasSuffix("exit code 4: leaking") == true)
        try kade.check(
            "run", "-d", "--name", "two", "--health-cmd", "false", "--health-interval", "100ms",
            "--health-retries", "1", "busybox", "sleep", "600")
        try kade.wait { try kade.causes(of: "two").map(\.kind) == ["unhealthy"] }
    }

    @Test func `a time limit, a lost monitor and an earlier run are told`() throws {
        try kade("run", "--name", "slow", "--timeout", "1", "busybox", "sleep", "600")
        let slow = try kade.causes(of: "slow")
        #expect(slow.map(\.kind) == ["timeLimit"])
        #expect(slow[0].what == "its time of 1 s was over (--timeout)")
        try kade.check("run", "-d", "--name", "lost", "busybox", "sleep", "600")
        let monitor = try #require(
            try ExplainTests.explain("lost", by: kade, "--only", "state")["state"]?
                .first { $0.name == "monitor" }?.effective)
        try Tool.check("kill", "-9", monitor)
        try kade.wait { try kade.inspect("lost", "{{.State.Status}}") == "exited" }
        let lost = try kade.causes(of: "lost")
        #expect(lost.map(\.kind) == ["lost"])
        #expect(lost[0].what.contains("its monitor (process \(monitor)) was killed"))
        try kade.check(
            "run", "-d", "--name", "again", "--restart", "on-failure:1", "busybox", "sh", "-c",
            "[ -e /once ] && exec sleep 600; touch /once; exit 9")
        try kade.wait {
            try kade.inspect("again", "{{.RestartCount}} {{.State.Status}}") == "1 running"
        }
        let again = try kade.causes(of: "again")
        #expect(again.map(\.kind) == ["exitCode"])
        #expect(again[0].what.hasPrefix("the run before this one: exit code 9"))
    }

    @Test func `what it wrote is looked for where it is kept`() throws {
        let script = ["busybox", "sh", "-c", "echo lost words; exit 3"]
        _ = try kade.call(["run", "--name", "none", "--log-driver", "none"] + script)
        let none = try kade.causes(of: "none")
        #expect(none.map(\.kind) == ["exitCode"])
        #expect(none[0].evidence == ["what it wrote is not kept: --log-driver none"])
        #expect(none[0].fix?.contains("--log-driver local") == true)
        #expect(!none[0].text.contains("kade logs"))
        _ = try kade.call(["run", "--name", "here"] + script)
        let id = try kade.inspect("here", "{{.Id}}")
        try Tool.check("rm", "\(kade.root)/containers/\(id)/log.json")
        let gone = try kade.causes(of: "here")
        #expect(gone.map(\.kind) == ["exitCode"])
        #expect(gone[0].evidence.isEmpty)
    }

    @Test func `a program's own 255 is no lost monitor`() throws {
        try kade("run", "--name", "one", "busybox", "sh", "-c", "exit 255")
        let found = try kade.causes(of: "one")
        #expect(found.map(\.kind) == ["exitCode"])
        #expect(found[0].what.contains("exit code 255, the program's own"))
        // Something that its monitor notes beside makes none of it, either.
        let id = try kade.inspect("one", "{{.Id}}")
        let file = "\(kade.root)/containers/\(id)/lifecycle.json"
        try kade.tool("sed", "-i", #"s/"status":/"error":"a cable is loose",&/"#, file)
        let again = try kade.causes(of: "one")
        #expect(again.map(\.kind) == ["exitCode"])
        #expect(again[0].evidence.last == "its monitor noted: a cable is loose")
    }

    @Test(.cgroupsOfRoot) func `the kernel's log counts from the run's own beginning`() throws {
        try kade.check(
            "run", "-d", "--name", "one", "-m", "16m", "--memory-swap", "16m", "--pid", "host",
            "--restart", "on-failure:1", "busybox", "sh", "-c",
            "[ -e /once ] && kill -SEGV $$; touch /once; tail /dev/zero; exit 5")
        try kade.wait {
            try kade.inspect("one", "{{.RestartCount}} {{.State.Status}}") == "1 exited"
        }
        let id = try kade.inspect("one", "{{.Id}}")
        let file = "\(kade.root)/containers/\(id)/lifecycle.json"
        let json = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(fileURLWithPath: file)))
        let lifecycle = try #require(json as? [String: Any])
        let previous = try #require(lifecycle["previous"] as? [String: Any])
        let before = try #require(previous["end"] as? [String: Any])
        #expect(before["memory"] != nil)
        #expect((previous["pid"] as? Int ?? 0) > 1)
        let end = try #require(lifecycle["end"] as? [String: Any])
        #expect(end["signal"] as? Int == 11)
        #expect(end["kernel"] == nil, "\(end)")
    }

    @Test(.cgroupsOfRoot) func `an earlier run's first process has its number`() throws {
        try kade.check(
            "run", "-d", "--name", "one", "-m", "16m", "--memory-swap", "16m", "--restart",
            "on-failure:1", "busybox", "sh", "-c",
            "[ -e /once ] && exec sleep 600; touch /once; tail /dev/zero; exit 5")
        try kade.wait {
            try kade.inspect("one", "{{.RestartCount}} {{.State.Status}}") == "1 running"
        }
        let found = try kade.causes(of: "one")
        #expect(found.map(\.kind) == ["outOfMemory"])
        #expect(!found[0].text.contains("process 0"), "\(found[0].text)")
    }
}
