import Foundation
import Testing

/// `kade why`: each cause is provoked for real, and found in the records.
@Suite(.enabled(if: isRoot)) struct WhyTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

    /// A cause as `--json` has it.
    struct Cause {
        let kind: String
        let what: String
        let evidence: [String]
        let fix: String?

        /// All of it as one text.
        var text: String { ([what] + evidence + [fix ?? ""]).joined(separator: "\n") }
    }

    private func causes(of container: String) throws -> [Cause] {
        let text = try kade.check("why", "--json", container)
        let json = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let object = try #require(json as? [String: Any])
        return try #require(object["causes"] as? [[String: Any]]).map { cause in
            Cause(
                kind: try #require(cause["kind"] as? String),
                what: try #require(cause["what"] as? String),
                evidence: try #require(cause["evidence"] as? [String]),
                fix: cause["fix"] as? String)
        }
    }

    /// Waits for a container's end, and says why that was.
    private func end(of container: String) throws -> [Cause] {
        try kade.check("wait", container)
        return try causes(of: container)
    }

    @Test func `an exit code comes with the last words`() throws {
        try kade("run", "--name", "one", "busybox", "sh", "-c", "echo no such ship >&2; exit 3")
        let found = try causes(of: "one")
        #expect(found.map(\.kind) == ["exitCode"])
        #expect(found[0].what.contains("exit code 3, the program's own"))
        #expect(found[0].evidence == ["it wrote: no such ship"])
        let text = try kade.check("why", "one")
        #expect(text.contains("Exited (3)"))
        #expect(text.contains("to do: kade logs one"))
    }

    @Test func `a shell's 127 and 143 are told from the start's own`() throws {
        try kade("run", "--name", "one", "busybox", "sh", "-c", "no-such-command")
        #expect(try causes(of: "one")[0].text.contains("not found"))
        try kade("run", "--name", "two", "busybox", "sh", "-c", "sh -c 'kill $$'; exit $?")
        #expect(try causes(of: "two")[0].text.contains("SIGTERM"))
    }

    @Test func `what is well has no causes`() throws {
        try kade.check("run", "-d", "--name", "one", "busybox", "sleep", "600")
        #expect(try causes(of: "one").isEmpty)
        try kade.check("run", "--name", "two", "busybox", "true")
        #expect(try causes(of: "two").isEmpty)
        #expect(try kade.check("why", "two").contains("Nothing is known to be wrong"))
        #expect(try kade("why", "three").exitCode != 0)
    }

    @Test func `a stop says who asked, and that the program did not listen`() throws {
        try kade.check("run", "-d", "--name", "deaf", "busybox", "sleep", "600")
        try kade.check("stop", "-t", "1", "deaf")
        let deaf = try causes(of: "deaf")
        #expect(deaf.map(\.kind) == ["patience"])
        #expect(deaf[0].what.contains("asked to end with SIGTERM"))
        #expect(deaf[0].text.contains("of user 0: kade "))
        #expect(deaf[0].fix?.contains("--init") == true)
        try kade.check("run", "-d", "--init", "--name", "kind", "busybox", "sleep", "600")
        try kade.wait {
            try kade("exec", "kind", "ps").output.contains("sleep 600")
        }
        try kade.check("stop", "kind")
        let kind = try causes(of: "kind")
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

    @Test func `memory that ran out names the limit, the peak and the process`() throws {
        try kade("run", "--name", "one", "-m", "16m", "busybox", "tail", "/dev/zero")
        let found = try causes(of: "one")
        #expect(found.map(\.kind) == ["outOfMemory"])
        #expect(found[0].what.contains("(tail) because memory ran out: the container's limit"))
        #expect(found[0].evidence.contains("its own limit: 16777216 bytes (--memory)"))
        #expect(found[0].evidence.contains { $0.hasPrefix("used at most: 16") })
        #expect(found[0].evidence.contains("that was its first process"))
        #expect(found[0].fix?.contains("kade update --memory 33554432") == true)
        // A child's end need not be the container's.
        try kade(
            "run", "--name", "two", "-m", "16m", "busybox", "sh", "-c", "tail /dev/zero; exit 5")
        let child = try causes(of: "two")
        #expect(child.map(\.kind) == ["outOfMemory"])
        #expect(child[0].text.contains("that was not its first process"))
        #expect(child[0].text.contains("exit code 5"))
    }

    @Test func `a call that the filter ends it for has a name`() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            """
            {"defaultAction": "SCMP_ACT_ALLOW",
             "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_KILL_PROCESS"}]}
            """, to: "profile.json")
        try kade(
            "run", "--name", "one", "--security-opt", "seccomp=\(folder.at("profile.json"))",
            "busybox", "mkdir", "/x")
        let found = try causes(of: "one")
        #expect(found.map(\.kind) == ["seccomp"])
        #expect(found[0].what.contains("it called mkdir"))
        #expect(found[0].fix?.contains("let the profile allow mkdir") == true)
    }

    @Test func `a program that cannot be executed says what is wrong with its file`() throws {
        let folder = try TemporaryFolder()
        try folder.write("#!/no/such/shell\n", to: "script")
        try folder.write("echo hello\n", to: "plain")
        try folder.write("", to: "empty")
        var header = [UInt8](repeating: 0, count: 64)
        header.replaceSubrange(0..<7, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1])
        header[16] = 2
        header[18] = 243
        try Data(header).write(to: URL(fileURLWithPath: folder.at("foreign")))
        let busybox = try Data(contentsOf: URL(fileURLWithPath: "/bin/busybox"))
        try busybox.prefix(70).write(to: URL(fileURLWithPath: folder.at("short")))
        try Tool.check("sh", "-c", "chmod +x \(folder.path)/*")
        for (program, code, words) in [
            ("/no/such/program", 127, "no such file or directory"),
            ("/p/script", 127, "its interpreter /no/such/shell is not"),
            ("/p/plain", 126, "neither a program nor a script"),
            ("/p/empty", 126, "the file is empty"),
            ("/p/foreign", 126, "it is for riscv64, and this machine is "),
            ("/p/short", 126, "it ends after 70 bytes, before its program headers do"),
            ("/etc/passwd", 126, "permission denied"),
        ] {
            let outcome = try kade(
                "run", "--name", "one", "-v", "\(folder.path):/p", "busybox", program)
            #expect(outcome.exitCode == code, "\(program): \(outcome)")
            let found = try causes(of: "one")
            #expect(found.map(\.kind) == ["start"], "\(program)")
            #expect(found[0].text.contains(words), "\(program): \(found[0].text)")
            #expect(found[0].fix != nil)
            // Also what execve(2) refuses is a step.
            #expect(found[0].text.contains("failed, by init: "), "\(program): \(found[0].text)")
            #expect(found[0].text.contains("asked by process.args"), "\(found[0].text)")
            try kade.check("rm", "one")
        }
    }

    @Test func `a start that fails names its step`() throws {
        try kade(
            "run", "--name", "one", "--sysctl", "net.no_such_thing=1", "busybox", "true")
        let found = try causes(of: "one")
        #expect(found.map(\.kind) == ["start"])
        #expect(found[0].text.contains("failed, by init: "), "\(found[0].text)")
        #expect(found[0].text.contains("asked by linux.sysctl"))
        #expect(found[0].text.contains("kade explain --steps one"))
        // Who waited for init has failed with it, which is no reason.
        #expect(found[0].evidence.filter { $0.hasPrefix("step ") }.count == 1, "\(found[0].text)")
        // The number leads to the step.
        let step = try #require(
            found[0].evidence.first?.split(separator: " ").dropFirst().first)
        let table = try kade.check("explain", "--steps", "one").split(separator: "\n")
        let row = try #require(table.first { $0.hasPrefix("\(step) ") })
        #expect(row.contains("[failed"))
    }

    @Test func `a port that is taken names who has it`() throws {
        let namespace = try NetworkNamespace()
        let kade = try Kade.withBusybox(in: namespace)
        try kade.check("run", "-d", "--name", "first", "-p", "8080:80", "busybox", "sleep", "600")
        #expect(
            try kade("run", "-d", "--name", "second", "-p", "8080:80", "busybox", "true").exitCode
                != 0)
        let text = try kade.check("why", "second")
        #expect(text.contains("port is already allocated: "), "\(text)")
        #expect(text.contains("to do: stop that, or publish another port"))
        // The monitor's own step has failed; what it had done before is there, too.
        #expect(text.contains("failed, by monitor: nft add element inet kade "), "\(text)")
        #expect(text.contains("asked by --publish"), "\(text)")
        let outcome = try kade("start", "second")
        let step = try failedStep(in: outcome.errors)
        let steps = try kade.check("explain", "--last").split(separator: "\n")
        let row = try #require(steps.first { $0.hasPrefix("\(step) ") }, "\(steps)")
        #expect(row.contains("monitor") && row.contains("[failed: Bind for 0.0.0.0:8080"), "\(row)")
        #expect(steps.contains { $0.contains("ip -n c link set lo up") }, "\(steps)")
    }

    /// The number in an error's last line.
    private func failedStep(in errors: String) throws -> Substring {
        let hint = errors.split(separator: "\n").last?
            .wholeMatch(of: #/ +\(step ([0-9]+) of this run: kade explain --last\)/#)
        return try #require(hint, "\(errors)").1
    }

    @Test func `a creation that fails names its step, and is kept`() throws {
        // Nothing has run yet: not even the directory is there that this is kept in.
        let fresh = try Kade.withBusybox()
        try fresh.check("create", "--name", "one", "busybox", "true")
        for command in ["create", "run"] {
            let outcome = try fresh(command, "--name", "one", "busybox", "true")
            #expect(outcome.exitCode == 125, "\(outcome)")
            let step = try failedStep(in: outcome.errors)
            let steps = try fresh.check("explain", "--last").split(separator: "\n")
            #expect(steps.first?.hasPrefix("one could not be made: Conflict.") == true, "\(steps)")
            let row = try #require(steps.first { $0.hasPrefix("\(step) ") }, "\(steps)")
            #expect(row.contains("INSERT INTO containers") && row.contains("[failed: "), "\(row)")
            let json = try JSONSerialization.jsonObject(
                with: Data(try fresh.check("explain", "--last", "--json").utf8))
            #expect((json as? [String: Any])?["occasion"] as? String == "create")
        }
        #expect(try fresh.check("ps", "-aq").split(separator: "\n").count == 1)
        // What comes after the row is taken back with it.
        let folder = fresh.root + "/volumes/full"
        try fresh.check("volume", "create", "full")
        try Tool.check("rm", "-r", folder)
        try Tool.check("ln", "-s", "/nowhere/at/all", folder)
        let outcome = try fresh("create", "--name", "two", "-v", "full:/etc", "busybox", "true")
        #expect(outcome.exitCode == 125)
        _ = try failedStep(in: outcome.errors)
        #expect(try fresh.check("explain", "--last").hasPrefix("two could not be made: "))
        #expect(try fresh("inspect", "two").exitCode != 0)
        // A name that is looked at only is no step.
        let plan = try fresh("create", "--plan", "--name", "one", "busybox", "true")
        #expect(!plan.errors.contains("(step "), "\(plan)")
        #expect(try fresh.check("explain", "--last").hasPrefix("two could not be made: "))
    }

    @Test func `what the engine refuses is kept, and a later start forgets it`() throws {
        try kade.check("create", "--name", "peer", "busybox", "sleep", "600")
        try kade.check("create", "--name", "one", "--pid", "container:peer", "busybox", "true")
        let planned = try causes(of: "one")
        #expect(planned.map(\.kind) == ["wouldNotStart"])
        #expect(planned[0].fix == "start it first: kade start peer")
        #expect(try kade("start", "one").exitCode != 0)
        let refused = try causes(of: "one")
        #expect(refused.map(\.kind) == ["start"])
        #expect(refused[0].what.contains("non running container: peer"))
        try kade.check("start", "peer")
        try kade.check("start", "one")
        try kade.check("wait", "one")
        #expect(try causes(of: "one").isEmpty)
        try kade.check("create", "--name", "new", "busybox", "true")
        #expect(try causes(of: "new").map(\.kind) == ["neverStarted"])
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
        try kade.wait { try causes(of: "two").map(\.kind) == ["unhealthy"] }
    }

    @Test func `a time limit, a lost monitor and an earlier run are told`() throws {
        try kade("run", "--name", "slow", "--timeout", "1", "busybox", "sleep", "600")
        let slow = try causes(of: "slow")
        #expect(slow.map(\.kind) == ["timeLimit"])
        #expect(slow[0].what == "its time of 1 s was over (--timeout)")
        try kade.check("run", "-d", "--name", "lost", "busybox", "sleep", "600")
        let monitor = try #require(
            try ExplainTests.explain("lost", by: kade, "--only", "state")["state"]?
                .first { $0.name == "monitor" }?.effective)
        try Tool.check("kill", "-9", monitor)
        try kade.wait { try kade.inspect("lost", "{{.State.Status}}") == "exited" }
        let lost = try causes(of: "lost")
        #expect(lost.map(\.kind) == ["lost"])
        #expect(lost[0].what.contains("its monitor (process \(monitor)) was killed"))
        try kade.check(
            "run", "-d", "--name", "again", "--restart", "on-failure:1", "busybox", "sh", "-c",
            "[ -e /once ] && exec sleep 600; touch /once; exit 9")
        try kade.wait {
            try kade.inspect("again", "{{.RestartCount}} {{.State.Status}}") == "1 running"
        }
        let again = try causes(of: "again")
        #expect(again.map(\.kind) == ["exitCode"])
        #expect(again[0].what.hasPrefix("the run before this one: exit code 9"))
    }

    @Test func `the last start that failed is kept, also of a container that is gone`() throws {
        #expect(try kade("explain", "--last").errors.contains("none has failed"))
        let outcome = try kade(
            "run", "--rm", "--name", "one", "--sysctl", "net.no_such_thing=1", "busybox", "true")
        #expect(outcome.exitCode != 0)
        #expect(try kade.check("ps", "-aq").isEmpty)
        let text = try kade.check("explain", "--last")
        // The error's last line leads to the step.
        #expect(outcome.errors.hasPrefix("kade: cannot set the kernel parameter"), "\(outcome)")
        let step = try failedStep(in: outcome.errors)
        // Not to those that only waited for it.
        let failed = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(step) ") })
        #expect(failed.contains("[failed") && failed.contains("linux.sysctl"), "\(failed)")
        #expect(text.hasPrefix("one could not be started: "))
        #expect(text.contains("[failed"))
        #expect(text.contains("linux.sysctl"))
        let json = try JSONSerialization.jsonObject(
            with: Data(try kade.check("explain", "--last", "--json").utf8))
        let object = try #require(json as? [String: Any])
        #expect(object["container"] as? String == "one")
        let problem = try #require(object["problem"] as? [String: String])
        #expect(text.contains("\(problem["what"] ?? "?"): \(problem["why"] ?? "?")"))
        let steps = try #require(object["steps"] as? [[String: Any]])
        #expect(steps.last?["outcome"] as? String == "failed")
        // What the engine itself could not do is a step, too.
        try kade.check("create", "--name", "peer", "busybox", "sleep", "600")
        try kade.check("create", "--name", "two", "--pid", "container:peer", "busybox", "true")
        let two = try kade("start", "two")
        #expect(two.exitCode == 1)
        #expect(two.errors.contains(" of this run: kade explain --last)\n"), "\(two)")
        // What fails before a start has no steps.
        #expect(try !kade("run", "-m", "1", "busybox", "true").errors.contains("step"))
        let last = try kade.check("explain", "--last", "--no-trunc")
        #expect(last.hasPrefix("two could not be started: "))
        #expect(last.contains("[failed: cannot join PID of a non running container: peer]"))
        #expect(try kade("explain", "--last", "two").exitCode != 0)
    }

    @Test func `what it wrote is looked for where it is kept`() throws {
        let script = ["busybox", "sh", "-c", "echo lost words; exit 3"]
        _ = try kade.call(["run", "--name", "none", "--log-driver", "none"] + script)
        let none = try causes(of: "none")
        #expect(none.map(\.kind) == ["exitCode"])
        #expect(none[0].evidence == ["what it wrote is not kept: --log-driver none"])
        #expect(none[0].fix?.contains("--log-driver local") == true)
        #expect(!none[0].text.contains("kade logs"))
        _ = try kade.call(["run", "--name", "here"] + script)
        let id = try kade.inspect("here", "{{.Id}}")
        try Tool.check("rm", "\(kade.root)/containers/\(id)/log.json")
        let gone = try causes(of: "here")
        #expect(gone.map(\.kind) == ["exitCode"])
        #expect(gone[0].evidence.isEmpty)
    }

    @Test func `a program's own 255 is no lost monitor`() throws {
        try kade("run", "--name", "one", "busybox", "sh", "-c", "exit 255")
        let found = try causes(of: "one")
        #expect(found.map(\.kind) == ["exitCode"])
        #expect(found[0].what.contains("exit code 255, the program's own"))
        // Something that its monitor notes beside makes none of it, either.
        let id = try kade.inspect("one", "{{.Id}}")
        let file = "\(kade.root)/containers/\(id)/lifecycle.json"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let noted = text.replacingOccurrences(
            of: #""status":"#, with: #""error":"a cable is loose","status":"#)
        try noted.write(toFile: file, atomically: true, encoding: .utf8)
        let again = try causes(of: "one")
        #expect(again.map(\.kind) == ["exitCode"])
        #expect(again[0].evidence.last == "its monitor noted: a cable is loose")
    }

    @Test func `the kernel's log counts from the run's own beginning`() throws {
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

    @Test func `an earlier run's first process has its number`() throws {
        try kade.check(
            "run", "-d", "--name", "one", "-m", "16m", "--memory-swap", "16m", "--restart",
            "on-failure:1", "busybox", "sh", "-c",
            "[ -e /once ] && exec sleep 600; touch /once; tail /dev/zero; exit 5")
        try kade.wait {
            try kade.inspect("one", "{{.RestartCount}} {{.State.Status}}") == "1 running"
        }
        let found = try causes(of: "one")
        #expect(found.map(\.kind) == ["outOfMemory"])
        #expect(!found[0].text.contains("process 0"), "\(found[0].text)")
    }
}
