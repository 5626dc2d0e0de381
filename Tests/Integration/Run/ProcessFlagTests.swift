import Testing

/// The flags of `run` that describe the process, seen from inside.
@Suite struct ProcessFlagTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

    @Test func `the command is the image's arguments, and --entrypoint replaces it`() throws {
        let echo = try kade("run", "--rm", "--entrypoint", "echo", "busybox", "a", "b c")
        #expect(echo.output == "a b c\n")
        let reset = try kade("run", "--rm", "--entrypoint", "", "busybox", "echo", "plain")
        #expect(reset.output == "plain\n")
    }

    @Test func `the environment comes from -e, --env-file and the caller`() throws {
        let folder = try TemporaryFolder()
        try folder.write("# no variable\nFROM_FILE=file\nBOTH=file\n", to: "variables")
        let line =
            ["env", "CALLER=from outside"]
            + kade.commandLine([
                "run", "--rm", "--hostname", "box", "--env-file", folder.at("variables"),
                "-e", "BOTH=flag", "-e", "EMPTY=", "-e", "CALLER", "-e", "NOWHERE_SET",
                "--env", "SPACED=a b=c", "busybox", "env",
            ])
        let outcome = try Tool.start(line).wait()
        let lines = Set(outcome.lines)
        #expect(
            lines.isSuperset(of: [
                "FROM_FILE=file", "BOTH=flag", "EMPTY=", "CALLER=from outside", "SPACED=a b=c",
                "HOSTNAME=box", "HOME=/root",
            ]), "\(outcome)")
        #expect(lines.contains { $0.hasPrefix("PATH=/usr/local/sbin:") })
        #expect(!lines.contains { $0.hasPrefix("NOWHERE_SET") || $0.contains("no variable") })
        let missing = try kade("run", "--rm", "--env-file", folder.at("none"), "busybox", "true")
        #expect(missing.exitCode == 125)
        #expect(missing.errors.contains(folder.at("none")))
    }

    @Test func `-w names the working directory, which is made when it is missing`() throws {
        #expect(try kade.shell("pwd").output == "/\n")
        #expect(try kade.shell("pwd", "-w", "/home/ann").output == "/home/ann\n")
        #expect(try kade.shell("pwd", "--workdir", "/new/deep").output == "/new/deep\n")
        let relative = try kade.shell("pwd", "-w", "home")
        #expect(relative.exitCode == 125)
        #expect(relative.errors.contains("absolute path"))
    }

    @Test(arguments: [
        ("ann", "1000 1001 63 1001"), ("1000", "1000 1001 63 1001"), ("ann:audio", "1000 63 63"),
        ("1234:4321", "1234 4321 4321"), ("1234", "1234 0 0"), ("0:staff", "0 1001 1001"),
        ("root", "0 0 0"),
    ])
    func `-u names a user and a group of the image`(user: String, ids: String) throws {
        let outcome = try kade.shell(
            "echo $(id -u) $(id -g) $(id -G | tr ' ' '\\n' | sort -un | sort)", "-u", user)
        let expected = ids.split(separator: " ")
        let found = outcome.output.split(whereSeparator: \.isWhitespace)
        #expect(found.prefix(2) == expected.prefix(2), "\(outcome)")
        #expect(Set(found.dropFirst(2)) == Set(expected.dropFirst(2)), "\(outcome)")
    }

    @Test func `-u sets the home, and an unknown name is refused`() throws {
        #expect(try kade.shell("echo $HOME", "-u", "ann").output == "/home/ann\n")
        let groups = try kade.shell("id -G", "-u", "ann", "--group-add", "77").output
        #expect(groups.split(whereSeparator: \.isWhitespace).contains("77"))
        let noUser = try kade.shell("id", "-u", "bob")
        #expect(noUser.exitCode == 125)
        #expect(noUser.errors.contains("bob"))
        let noGroup = try kade.shell("id", "-u", "ann:bobs")
        #expect(noGroup.exitCode == 125)
        #expect(noGroup.errors.contains("bobs"))
    }

    @Test func `--hostname is the name inside, else the identifier's first digits`() throws {
        let named = try kade.shell("hostname; cat /etc/hostname; cat /etc/hosts", "-h", "box.test")
        #expect(named.lines.prefix(2) == ["box.test", "box.test"])
        #expect(named.output.contains("127.0.0.1\tlocalhost"))
        let folder = try TemporaryFolder()
        let other = try kade.shell("hostname", "--cidfile", folder.at("id"))
        let id = try folder.text("id")
        #expect(other.output == id.prefix(12) + "\n")
    }

    @Test func `--init puts a reaper before the command`() throws {
        let without = try kade.shell("echo $$")
        #expect(without.output == "1\n")
        let with = try kade.shell(
            "echo $$; (sh -c 'sleep 0.1 & echo $! > /orphan' &); "
                + "until [ -s /orphan ]; do sleep 0.1; done; "
                + "n=0; while { [ -e /proc/$(cat /orphan) ] || ps -o stat | grep -q Z; } "
                + "&& [ $n -lt 300 ]; do n=$((n + 1)); sleep 0.1; done; ps -o stat | grep -c Z; exit 7",
            "--init")
        #expect(with.lines.first != "1", "\(with)")
        #expect(with.lines.last == "0", "no zombie is left")
        #expect(with.exitCode == 7)
    }

    @Test func `-i hands on standard input, and without it there is none`() throws {
        let script = "printf 'one\\ntwo\\n' | \"$@\""
        let line = { (flags: [String]) in
            ["sh", "-c", script, "sh"]
                + kade.commandLine(["run", "--rm"] + flags + ["busybox", "wc", "-l"])
        }
        #expect(try Tool.start(line(["-i"])).wait().output == "2\n")
        #expect(try Tool.start(line([])).wait().output == "0\n")
    }

    @Test func `--stop-signal and --stop-timeout decide how a container stops`() throws {
        let id = try kade.check(
            "run", "-d", "--stop-signal", "USR1", "--stop-timeout", "60", "busybox", "sh", "-c",
            "trap 'exit 9' USR1; echo ready; while :; do sleep 0.05; done")
        try kade.wait { try kade("logs", id).output.contains("ready") }
        try kade.check("stop", id)
        #expect(try kade.inspect(id, "{{.State.ExitCode}}") == "9")
        #expect(try kade.inspect(id, "{{.Config.StopSignal}}") == "USR1")
        let stubborn = try kade.check(
            "run", "-d", "--stop-timeout", "0", "busybox", "sh", "-c",
            "trap '' TERM; while :; do sleep 0.05; done")
        try kade.check("stop", stubborn)
        #expect(try kade.inspect(stubborn, "{{.State.ExitCode}}") == "137")
    }

    @Test func `--name and --label name a container, and a name is taken once`() throws {
        try kade.check(
            "run", "-d", "--name", "first", "--label", "tier=web", "-l", "bare", "busybox", "true")
        #expect(try kade.inspect("first", "{{.Name}}") == "/first")
        #expect(try kade.inspect("first", "{{.Config.Labels.tier}}") == "web")
        #expect(try kade.check("ps", "-aq", "--filter", "label=tier=web").count == 12)
        let again = try kade("run", "--name", "first", "busybox", "true")
        #expect(again.exitCode == 125)
        #expect(again.errors.contains("first"))
    }

    @Test func `--restart on-failure starts again, so often and not more`() throws {
        let id = try kade.check(
            "run", "-d", "--restart", "on-failure:2", "busybox", "sh", "-c", "echo run; exit 5")
        try kade.wait { try kade.inspect(id, "{{.RestartCount}} {{.State.Status}}") == "2 exited" }
        #expect(try kade.check("logs", id) == "run\nrun\nrun")
        #expect(try kade.inspect(id, "{{.State.ExitCode}}") == "5")
        let both = try kade("run", "--rm", "--restart", "always", "busybox", "true")
        #expect(both.exitCode == 125)
    }

    @Test func `--platform must be the image's own`() throws {
        #expect(try kade.shell("true", "--platform", "linux/amd64").exitCode == 0)
        let other = try kade.shell("true", "--pull", "never", "--platform", "linux/s390x")
        #expect(other.exitCode == 125)
        #expect(!other.errors.isEmpty)
    }
}
