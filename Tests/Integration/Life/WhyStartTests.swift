import Foundation
import Testing

/// `kade why` and `kade explain --last` of what could not be made or started.
@Suite(.enabled(if: isRoot)) struct WhyStartTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

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
            let found = try kade.causes(of: "one")
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
        let found = try kade.causes(of: "one")
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
        let kade = try Kade.withBusybox(in: .machine())
        try kade.check("run", "-d", "--name", "first", "-p", "8080:80", "busybox", "sleep", "600")
        #expect(
            try kade("run", "-d", "--name", "second", "-p", "8080:80", "busybox", "true").exitCode
                != 0)
        let text = try kade.check("why", "second")
        #expect(text.contains("port is already allocated: "), "\(text)")
        #expect(text.contains("to do: stop that, or publish another port"))
        // The monitor's own step has failed; what it had done before is there, too.
        let (shell, flag) =
            kade.user == nil ? ("nft add element inet kade ", "--publish") : ("pasta ", "--network")
        #expect(text.contains("failed, by monitor: \(shell)"), "\(text)")
        #expect(text.contains("asked by \(flag)"), "\(text)")
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
        let planned = try kade.causes(of: "one")
        #expect(planned.map(\.kind) == ["wouldNotStart"])
        #expect(planned[0].fix == "start it first: kade start peer")
        #expect(try kade("start", "one").exitCode != 0)
        let refused = try kade.causes(of: "one")
        #expect(refused.map(\.kind) == ["start"])
        #expect(refused[0].what.contains("non running container: peer"))
        try kade.check("start", "peer")
        try kade.check("start", "one")
        try kade.check("wait", "one")
        #expect(try kade.causes(of: "one").isEmpty)
        try kade.check("create", "--name", "new", "busybox", "true")
        #expect(try kade.causes(of: "new").map(\.kind) == ["neverStarted"])
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
}
