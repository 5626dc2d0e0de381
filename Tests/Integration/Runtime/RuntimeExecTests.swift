import OCI
import Testing

@Suite(.enabled(if: isRoot)) struct RuntimeExecTests {
    @Test(arguments: RuntimeUnderTest.allCases)
    func `a program runs in the container's namespaces and cgroups`(runtime: RuntimeUnderTest)
        throws
    {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.startSleeping()
        let outcome = try bundle.exec(
            shell: "pidof sleep; hostname; cat /proc/1/cgroup /proc/self/cgroup")
        #expect(outcome.lines.prefix(2) == ["1", "kade"])
        let groups = outcome.lines.dropFirst(2)
        #expect(groups.prefix(groups.count / 2) == groups.suffix(groups.count / 2))
    }

    @Test(arguments: [RuntimeUnderTest.kade, .runc])
    func `user, directory, environment and groups can be chosen`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.startSleeping()
        let outcome = try bundle.exec(
            "-u", "1000:1001", "--cwd", "/tmp", "-e", "A=B", "-g", "63",
            shell: "id -u; id -G; pwd; echo $A")
        #expect(outcome.lines == ["1000", "1001 63", "/tmp", "B"])
    }

    @Test(arguments: ["ann", "1000:", ":1000", "1:2:3", "-1", "1000:-1", "4294967296", "1 ", "0x0"])
    func `what is no user is refused, and nothing runs`(user: String) throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        let outcome = try bundle.exec("-u", user, shell: "echo ran")
        #expect(outcome.exitCode == 255)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains("invalid user \"\(user)\""), "\(outcome)")
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `a process file replaces everything`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.startSleeping()
        try bundle.folder.write(
            #"{"args":["sh","-c","echo $X; exit 6"],"env":["X=file","PATH=/bin"],"cwd":"/"}"#,
            to: "process.json")
        let outcome = try bundle.runtime(
            "exec", "--process", bundle.folder.at("process.json"), bundle.id)
        #expect(outcome.output == "file\n")
        #expect(outcome.exitCode == 6)
    }

    @Test func `exec reads the process from a descriptor that it inherits`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        try bundle.folder.write(
            #"{"args":["sh","-c","ls /proc/self/fd | wc -l"],"env":["PATH=/bin"],"cwd":"/"}"#,
            to: "process.json")
        let outcome = try Tool.run(
            "sh", "-c", "exec 7< \"$1\"; shift; exec \"$@\"", "sh",
            bundle.folder.at("process.json"), BuiltProgram.path("kade-runtime"), "--root",
            bundle.root, "exec", "--process", "/proc/self/fd/7", bundle.id)
        // Three streams, and the directory that ls reads: the program does not get the file.
        #expect(outcome.output == "4\n", "\(outcome)")
    }

    @Test func `a missing program is told in runc's words`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        let outcome = try bundle.runtime("exec", bundle.id, "nosuch")
        // Where runc says 255 for every failure of its own, a shell's 127 tells more.
        #expect(outcome.exitCode == 127)
        #expect(outcome.errors.contains("executable file not found in $PATH"))
    }

    @Test func `a stopped container cannot be entered`() throws {
        let bundle = try RuntimeBundle()
        _ = try bundle.run(shell: "true", "--keep")
        let outcome = try bundle.exec(shell: "true")
        #expect(outcome.exitCode == 255)
        #expect(outcome.errors.contains("cannot exec in a stopped container"))
    }

    @Test func `the program runs in a cgroup below the container's`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        let groups = try Tool.check(
            "sed", "s/.*:.*://", "/proc/\(try bundle.state()["pid"]?.int ?? 0)/cgroup")
        let path = groups.split(separator: "\n").first.map(String.init) ?? ""
        let hierarchies = "cpu cpuacct cpuset memory devices freezer blkio pids systemd"
        try Tool.check(
            "sh", "-ec",
            """
            cd /sys/fs/cgroup; mkdir memory$1/only
            for name in $2; do mkdir $name$1/below; done
            for file in cpus mems; do
                cat cpuset$1/cpuset.$file > cpuset$1/below/cpuset.$file
            done
            """, "sh", path, hierarchies)
        let all = try bundle.exec(
            "--cgroup", "below", shell: "grep -c :/below$ /proc/self/cgroup")
        #expect(all.output == "9\n", "\(all.errors)")
        let some = try bundle.exec(
            "--cgroup", "memory:only", "--cgroup", "pids,cpu:below",
            shell: "grep -E ':(memory|pids|cpu|freezer):' /proc/self/cgroup | cut -d: -f2- | sort")
        #expect(some.lines == ["cpu:/below", "freezer:/", "memory:/only", "pids:/below"])
        let script =
            "cd /sys/fs/cgroup; rmdir memory$1/only; for n in $2; do rmdir $n$1/below; done"
        try Tool.check("sh", "-c", script, "sh", path, hierarchies)
    }

    @Test(arguments: [
        (["nothere"], "it does not exist"), (["../x"], "leads out of the container's cgroup"),
        (["a", "b"], "starts with CONTROLLER:"), (["nothing:x"], "has the controller nothing"),
        ([":x"], "a controller has no name"), (["cpu:a", "cpu:b"], "a second time"),
    ])
    func `a cgroup that cannot be is refused`(values: [String], complaint: String) throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        let outcome = try Tool.start(
            bundle.command + ["--root", bundle.root, "exec"] + values.flatMap { ["--cgroup", $0] }
                + [bundle.id, "true"]
        ).wait()
        #expect(outcome.exitCode == 255)
        #expect(outcome.errors.contains(complaint), "\(outcome.errors)")
    }

    @Test func `the program has the container's personality, and processors of its own`() throws {
        let bundle = try RuntimeBundle {
            $0.linux?.personality = .init(domain: .linux32)
            $0.process?.execCPUAffinity = .init(initial: "0", final: "1")
        }
        try bundle.startSleeping()
        let outcome = try bundle.exec(
            shell: "uname -m; grep Cpus_allowed_list /proc/self/status | cut -f2")
        #expect(outcome.lines == ["i686", "1"])
    }

    @Test(arguments: [RuntimeUnderTest.kade, .runc])
    func `of a variable that is set twice the last value holds`(
        runtime: RuntimeUnderTest
    ) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.startSleeping()
        let outcome = try bundle.exec("-e", "TERM=vt100", "-e", "X=1", "-e", "X=2", shell: "env")
        #expect(Set(outcome.lines).isSuperset(of: ["TERM=vt100", "X=2"]))
        #expect(!outcome.lines.contains("X=1"))
    }

    @Test func `a paused container is entered only when that is asked for`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        try bundle.runtime("pause", bundle.id)
        #expect(try bundle.exec(shell: "true").errors.contains("paused container"))
        let running = try Tool.start(
            bundle.command + [
                "--root", bundle.root, "exec", "--ignore-paused", bundle.id, "echo", "thawed",
            ])
        try bundle.runtime("resume", bundle.id)
        #expect(try running.wait().output == "thawed\n")
    }

    @Test func `a terminal is the program's alone`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        #expect(try bundle.exec("-t", shell: "tty").output == "/dev/pts/0\r\n")
    }

    @Test func `keys that are none are refused before anything starts`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        let outcome = try bundle.runtime(
            "exec", "-t", "--detach-keys", "16,many", bundle.id, "touch", "/tmp/started")
        #expect(outcome.exitCode != 0)
        #expect(outcome.errors.contains("--detach-keys 16,many"), "\(outcome)")
        #expect(try bundle.exec(shell: "ls /tmp/started").exitCode != 0)
    }

    @Test func `a program with a terminal has its time limit, too`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        let plain = try bundle.runtime(
            "exec", "-t", "--timeout", "300", bundle.id, "sleep", "600")
        #expect(plain.exitCode == 137, "\(plain)")
        let leavable = try bundle.runtime(
            "exec", "-t", "--timeout", "300", "--detach-keys", "16,17", bundle.id, "sleep", "600")
        #expect(leavable.exitCode == 137, "\(leavable)")
    }
}
