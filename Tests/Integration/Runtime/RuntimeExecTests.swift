import OCI
import Testing

@Suite(.enabled(if: isRoot)) struct RuntimeExecTests {
    @Test func `a program runs in the container's namespaces and cgroups`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        let outcome = try bundle.exec(
            shell: "pidof sleep; hostname; cat /proc/1/cgroup /proc/self/cgroup")
        #expect(outcome.lines.prefix(2) == ["1", "kade"])
        let groups = outcome.lines.dropFirst(2)
        #expect(groups.prefix(groups.count / 2) == groups.suffix(groups.count / 2))
    }

    @Test func `user, directory, environment and groups can be chosen`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        let outcome = try bundle.exec(
            "-u", "1000:1001", "--cwd", "/tmp", "-e", "A=B", "-g", "63",
            shell: "id -u; id -G; pwd; echo $A")
        #expect(outcome.lines == ["1000", "1001 63", "/tmp", "B"])
    }

    @Test func `a process file replaces everything`() throws {
        let bundle = try RuntimeBundle()
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

    @Test func `a terminal is the program's alone`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        #expect(try bundle.exec("-t", shell: "tty").output == "/dev/pts/0\r\n")
    }
}
