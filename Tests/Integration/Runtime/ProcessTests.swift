import Glibc
import OCI
import Testing

/// What `process` asks for, seen from inside.
@Suite(.enabled(if: isRoot)) struct RuntimeProcessTests {
    @Test func `output, errors and the exit code are the program's`() throws {
        let bundle = try RuntimeBundle()
        let outcome = try bundle.run(shell: "echo out; echo err >&2; exit 7")
        #expect(outcome.output == "out\n")
        #expect(outcome.errors == "err\n")
        #expect(outcome.exitCode == 7)
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test func `a program that a signal ends has 128 and its number`() throws {
        let bundle = try RuntimeBundle {
            // Without a PID namespace, whose first process a signal of its own does not end.
            $0.linux?.namespaces.removeAll { $0.type == .pid }
        }
        #expect(try bundle.run(shell: "kill -TERM $$").exitCode == 143)
    }

    @Test func `signals reach the program in the foreground`() throws {
        let bundle = try RuntimeBundle()
        try bundle.write(
            shell: "trap 'echo got; exit 9' USR1; echo ready; while :; do sleep 0.1; done")
        let running = try Tool.start([
            RuntimeBundle.program, "--root", bundle.root, "run", "-b", bundle.folder.path,
            bundle.id,
        ])
        for _ in 0..<3000 where running.output.isEmpty { usleep(20_000) }
        running.signal(SIGUSR1)
        let outcome = try running.wait()
        #expect(outcome.output == "ready\ngot\n")
        #expect(outcome.exitCode == 9)
    }

    @Test func `user, groups, umask, directory and home are the spec's`() throws {
        let bundle = try RuntimeBundle {
            $0.process?.user = .init(uid: 1000, gid: 1001, umask: 0o027, additionalGids: [63])
            $0.process?.cwd = "/made/here"
        }
        let outcome = try bundle.run(shell: "id -u; id -g; id -G; umask; pwd; echo $HOME")
        #expect(outcome.lines == ["1000", "1001", "1001 63", "0027", "/made/here", "/home/ann"])
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `the caller's umask is not the container's`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime, umask: "077")
        let outcome = try bundle.run(shell: "umask; stat -c %a /dev/pts /dev/shm")
        #expect(outcome.lines == ["0022", "755", "1777"], "\(outcome)")
    }

    @Test func `the caller's umask is not that of a further process`() throws {
        let bundle = try RuntimeBundle(umask: "077")
        try bundle.startSleeping()
        #expect(try bundle.exec(shell: "umask").lines == ["0022"])
    }

    @Test func `capabilities, no_new_privs, limits and the OOM score are the spec's`() throws {
        let bundle = try RuntimeBundle {
            let names = ["CAP_CHOWN", "CAP_KILL"]
            $0.process?.capabilities = .init(
                bounding: names, effective: ["CAP_CHOWN"], permitted: names)
            $0.process?.noNewPrivileges = true
            $0.process?.rlimits = [.init(type: .openFiles, hard: 200, soft: 100)]
            $0.process?.oomScoreAdj = 321
        }
        let outcome = try bundle.run(
            shell: "ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj; cat /proc/self/status")
        #expect(outcome.lines.prefix(3) == ["100", "200", "321"])
        // Programs that root executes get all of the bounding set.
        #expect(outcome.output.contains("CapBnd:\t0000000000000021"))
        #expect(outcome.output.contains("NoNewPrivs:\t1"))
    }

    @Test func `a capability that cannot be granted is a warning`() throws {
        let bundle = try RuntimeBundle { $0.process?.capabilities?.bounding.append("CAP_FLY") }
        let outcome = try bundle.run(shell: "echo lives")
        #expect(outcome.output == "lives\n")
        #expect(outcome.errors.contains("CAP_FLY"))
    }

    @Test func `warnings are in the log where there is one, not in the container's errors`() throws
    {
        let bundle = try RuntimeBundle { $0.process?.capabilities?.bounding.append("CAP_FLY") }
        try bundle.write(shell: "echo own >&2")
        let outcome = try bundle.runtime(
            "--log", bundle.folder.at("log"), "--log-format", "json", "run", "--bundle",
            bundle.folder.path, bundle.id)
        #expect(outcome.errors == "own\n")
        let log = try bundle.folder.text("log")
        #expect(log.contains("CAP_FLY") && log.contains(#""level":"warning""#))
    }

    @Test func `no descriptor of the host is inherited, but those that are asked for`() throws {
        let bundle = try RuntimeBundle()
        try bundle.write(shell: "ls /proc/self/fd; cat <&3")
        let command = """
            exec 3<"$2" 4<"$2"; exec "$1" --root "$3" run --preserve-fds 1 -b "$4" "$5"
            """
        try bundle.folder.write("passed on", to: "file")
        let outcome = try Tool.run(
            "sh", "-c", command, "sh", RuntimeBundle.program, bundle.folder.at("file"), bundle.root,
            bundle.folder.path, bundle.id)
        // 4 is what ls has open itself.
        #expect(outcome.output == "0\n1\n2\n3\n4\npassed on")
    }

    @Test func `the system call filter fails what it does not allow`() throws {
        let bundle = try RuntimeBundle {
            $0.linux?.seccomp = .init(
                defaultAction: .allow,
                syscalls: [.init(names: ["mkdir", "mkdirat"], action: .errno, errnoRet: 28)])
        }
        let outcome = try bundle.run(shell: "mkdir /tmp/x")
        #expect(outcome.errors.contains("No space left on device"))
    }

    @Test func `a filter may forbid getcwd, with which the working directory is checked`() throws {
        let bundle = try RuntimeBundle {
            $0.process?.noNewPrivileges = false
            $0.linux?.seccomp = .init(
                defaultAction: .allow, syscalls: [.init(names: ["getcwd"], action: .errno)])
        }
        #expect(try bundle.run(shell: "echo lives").output == "lives\n")
    }

    @Test func `a program's terminal is a console of its own`() throws {
        let bundle = try RuntimeBundle {
            $0.process?.terminal = true
            $0.process?.consoleSize = .init(height: 11, width: 22)
        }
        // No terminal here: the relay passes bytes on all the same.
        let outcome = try bundle.run(shell: "tty; stty size; test -c /dev/console && echo console")
        #expect(outcome.output == "/dev/pts/0\r\n11 22\r\nconsole\r\n")
    }
}
