import Foundation
import OCI
import Testing

/// Options of the command line that no other test has.
@Suite(.enabled(if: isRoot)) struct RuntimeOptionTests {
    @Test func `delete takes a bundle for what was never wholly made alone`() throws {
        let bundle = try RuntimeBundle(for: .kade)
        let outcome = try bundle.runtime("delete", "--bundle", bundle.folder.path, bundle.id)
        #expect(outcome.exitCode == 1 && outcome.errors.contains("only --force"), "\(outcome)")
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `without pivot_root the root is the container's all the same`(
        runtime: RuntimeUnderTest
    ) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        let outcome = try bundle.run(
            shell: "ls -d /home/ann /root /work 2> /dev/null", "--no-pivot")
        #expect(outcome.lines == ["/home/ann"], "\(outcome.errors)")
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `a container has a session keyring of its own, unless it is told not to`(
        runtime: RuntimeUnderTest
    ) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime) { $0.linux?.maskedPaths = [] }
        // It has the container's name, and may be there for a while after it.
        let own = try bundle.run(shell: "grep -c \(bundle.id) /proc/keys")
        #expect(own.output == "1\n", "\(own)")
        let other = try RuntimeBundle(for: runtime) { $0.linux?.maskedPaths = [] }
        let callers = try other.run(
            shell: "grep -c \(other.id) /proc/keys", "--no-new-keyring")
        #expect(callers.output == "0\n", "\(callers)")
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `kill may be for all processes`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime) {
            // Without a PID namespace the first process takes no other one along.
            $0.linux?.namespaces.removeAll { $0.type == .pid }
        }
        bundle.spec.process?.args = ["sh", "-c", "sleep 1000 & echo $! > /tmp/second; sleep 1000"]
        try bundle.write()
        #expect(
            try bundle.runtime("run", "--detach", "--bundle", bundle.folder.path, bundle.id)
                .exitCode == 0)
        var second = ""
        for _ in 0..<3000 where second.isEmpty {
            second = (try? bundle.folder.text("rootfs/tmp/second")) ?? ""  // not written yet
            if second.isEmpty { usleep(20_000) }
        }
        let process = "/proc/" + second.dropLast()
        #expect(FileManager.default.fileExists(atPath: process))
        #expect(try bundle.runtime("kill", "--all", bundle.id, "KILL").exitCode == 0)
        var isGone = false
        for _ in 0..<3000 where !isGone {
            isGone = !((try? String(contentsOfFile: process + "/stat", encoding: .utf8)) ?? "Z")
                .contains(" S ")
            if !isGone { usleep(20_000) }
        }
        #expect(isGone)
    }

    @Test(arguments: [RuntimeUnderTest.kade, .runc])
    func `the signal 0 asks whether the container runs`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.startSleeping()
        #expect(try bundle.runtime("kill", bundle.id, "0").exitCode == 0)
        #expect(try bundle.state()["status"]?.string == "running")
        #expect(try bundle.runtime("kill", bundle.id, "KILL").exitCode == 0)
        try bundle.waitUntilStopped()
        let late = try bundle.runtime("kill", bundle.id, "0")
        #expect(late.exitCode == 1)
        #expect(late.errors.contains("not running"), "\(late)")
    }

    @Test(arguments: [RuntimeUnderTest.kade, .runc])
    func `an option of exec that is empty is as good as absent`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.startSleeping()
        let outcome = try bundle.exec(
            "--user", "", "--cwd", "", "--apparmor", "", "--process-label", "", shell: "id -u; pwd")
        #expect(outcome.lines == ["0", "/"], "\(outcome)")
    }

    @Test(arguments: [
        "create", "run", "start", "exec", "kill", "delete", "state", "list", "ps", "events",
        "update", "pause", "resume", "spec", "features", "checkpoint", "restore",
    ])
    func `every command helps`(command: String) throws {
        for flag in ["--help", "-h"] {
            let outcome = try Tool.start([RuntimeBundle.program, command, flag]).wait()
            #expect(outcome.exitCode == 0)
            #expect(outcome.errors == "")
            #expect(outcome.output.contains("\n  \(command)"), "\(outcome)")
        }
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `list and ps print JSON, and ps takes ps's options`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.startSleeping()
        let pid = try bundle.state()["pid"]?.int
        let list = try JSONValue.parse(
            Array(bundle.runtime("list", "--format", "json").output.utf8), named: "list")
        #expect(list.array?.count == 1)
        #expect(list.array?.first?["id"]?.string == bundle.id)
        #expect(list.array?.first?["status"]?.string == "running")
        #expect(list.array?.first?["pid"]?.int == pid)
        let processes = try JSONValue.parse(
            Array(bundle.runtime("ps", "--format", "json", bundle.id).output.utf8), named: "ps")
        #expect(processes.array?.compactMap(\.int) == [pid])
        guard runtime != .crun else { return }  // its ps has no table
        let table = try bundle.runtime("ps", bundle.id, "-o", "pid,args").lines
        #expect(
            table.map { $0.split(separator: " ").joined(separator: " ") }
                == ["PID COMMAND", "\(pid ?? 0) sleep 1000"])
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `the state has the specification's members`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime) { $0.annotations = ["key": "value"] }
        try bundle.startSleeping()
        let state = try bundle.state()
        #expect(state["ociVersion"]?.string?.hasPrefix("1.") == true)
        #expect(state["id"]?.string == bundle.id)
        #expect(state["status"]?.string == "running")
        #expect(state["bundle"]?.string == bundle.folder.path)
        #expect(state["annotations"]?["key"]?.string == "value")
        let owner = try Tool.check(
            "sed", "-n", "s/^NSpid:.*\t//p", "/proc/\(state["pid"]?.int ?? 0)/status")
        #expect(owner == "1\n")
    }

    @Test(arguments: [RuntimeUnderTest.kade, .runc])
    func `exec changes capabilities, privileges and descriptors`(
        runtime: RuntimeUnderTest
    ) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime) { $0.process?.noNewPrivileges = false }
        try bundle.startSleeping()
        let status = "grep -E 'CapBnd|NoNewPrivs' /proc/self/status | cut -f 2"
        let plain = try bundle.exec(shell: status).lines
        #expect(plain == ["0000000020000420", "0"])
        let changed = try bundle.exec(
            "--cap", "CAP_SYS_TIME", "--no-new-privs", shell: status
        ).lines
        #expect(changed == ["0000000022000420", "1"])
        try bundle.folder.write("passed on", to: "file")
        let passed = try Tool.start(
            ["sh", "-c", "exec 3< \"$1\"; shift; exec \"$@\"", "sh", bundle.folder.at("file")]
                + bundle.command
                + [
                    "--root", bundle.root, "exec", "--preserve-fds", "1", bundle.id, "cat",
                    "/proc/self/fd/3",
                ]
        ).wait()
        #expect(passed.output == "passed on", "\(passed.errors)")
    }

    @Test func `a label that no module knows is refused`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        let label = try bundle.exec("--process-label", "some_t", shell: "echo ran")
        #expect(label.exitCode == 255)
        #expect(label.errors.contains("cannot set the SELinux label some_t"))
        // Without AppArmor a profile is as good as none, which is said.
        let profile = try bundle.exec("--apparmor", "some-profile", shell: "echo ran")
        #expect(profile.errors.contains("some-profile"), "\(profile)")
    }

    @Test func `rootless is true, false or auto`() throws {
        let outcome = try RuntimeBundle().runtime("--rootless", "maybe", "list")
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("it is true, false or auto"))
    }

    /// Root that may make no cgroup does without where it is told to, as an ordinary user does.
    @Test(arguments: ["true", "false", "auto"])
    func `where no cgroup can be made, rootless decides`(value: String) throws {
        let bundle = try RuntimeBundle {
            $0.linux?.resources = nil
            $0.mounts.removeAll { $0.type == "cgroup" }
        }
        try bundle.write(shell: "echo ran")
        let script = """
            for group in /sys/fs/cgroup/*; do mount -o remount,bind,ro "$group"; done
            exec "$@"
            """
        let outcome = try Tool.start(
            ["unshare", "-m", "--propagation", "private", "sh", "-ec", script, "sh"]
                + bundle.command + [
                    "--root", bundle.root, "--rootless", value, "run", "--bundle",
                    bundle.folder.path, bundle.id,
                ]
        ).wait()
        #expect(outcome.output == (value == "true" ? "ran\n" : ""), "\(outcome)")
        #expect(value == "true" || outcome.errors.contains("mounted read-only"), "\(outcome)")
    }

    @Test(arguments: [RuntimeUnderTest.kade, .runc])
    func `orphans of the container become the runtime's children, unless it is told not to`(
        runtime: RuntimeUnderTest
    ) throws {
        guard runtime.isInstalled else { return }
        for flags in [[], ["--no-subreaper"]] {
            let bundle = try RuntimeBundle(for: runtime) {
                $0.linux?.namespaces.removeAll { $0.type == .pid }
            }
            // Once its parent has ended, the sleep has another one.
            let shell = """
                sh -c 'sleep 1000 & echo $! > /tmp/orphan'
                parent=$(cut -d' ' -f4 /proc/$(cat /tmp/orphan)/stat)
                kill -KILL $(cat /tmp/orphan)
                [ "$parent" = $PPID ] && echo runtime || echo another
                """
            let outcome =
                try flags.isEmpty
                ? bundle.run(shell: shell) : bundle.run(shell: shell, "--no-subreaper")
            #expect(outcome.output == (flags.isEmpty ? "runtime\n" : "another\n"), "\(outcome)")
        }
    }

    @Test(arguments: [
        "", "a/b", "../x", ".", "..", "a b", "a\nb", "é", String(repeating: "x", count: 1025),
    ])
    func `what is no name is refused`(id: String) throws {
        let bundle = try RuntimeBundle()
        try bundle.write(shell: "true")
        for command in ["run", "create"] {
            let outcome = try bundle.runtime(command, "--bundle", bundle.folder.path, id)
            #expect(outcome.exitCode == 1)
            #expect(outcome.errors.contains("container"), "\(outcome.errors)")
        }
        #expect(try bundle.leftovers().isEmpty)
    }

    @Test(arguments: [RuntimeUnderTest.kade, .runc])
    func `spec writes what runs, as root and for an ordinary user`(runtime: RuntimeUnderTest) throws
    {
        guard runtime.isInstalled else { return }
        let folder = try TemporaryFolder()
        for flags in [[], ["--rootless"]] {
            let outcome = try Tool.start(
                runtime.command + ["spec", "--bundle", folder.path] + flags
            ).wait()
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            let spec = try RuntimeSpec(
                json: Array(folder.text("config.json").utf8), named: "config.json")
            #expect(spec.process?.args == ["sh"])
            #expect(spec.linux?.uidMappings.isEmpty == flags.isEmpty)
            let again = try Tool.start(runtime.command + ["spec", "--bundle", folder.path]).wait()
            #expect(again.exitCode == 1)
            try Tool.check("rm", folder.at("config.json"))
        }
    }
}
