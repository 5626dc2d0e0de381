import Testing

/// The flags of `run` that say which namespaces are the container's own.
@Suite struct NamespaceFlagTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

    /// The namespaces of a shell in a container, as `readlink` names them.
    private func namespaces(_ names: [String], _ flags: String...) throws -> [String] {
        let files = names.map { "/proc/self/ns/\($0)" }.joined(separator: " ")
        let outcome = try kade.call(
            ["run", "--rm"] + flags
                + ["busybox", "sh", "-c", "for file in \(files); do readlink $file; done"])
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        return outcome.lines
    }

    private func own(_ names: [String]) throws -> [String] {
        try names.map {
            String(try Tool.check("readlink", "/proc/self/ns/\($0)").dropLast())
        }
    }

    @Test(.rootOnly("a user's containers have a user namespace; RootlessContainerTests"))
    func `without flags every namespace is new, but the users'`() throws {
        let names = ["pid", "net", "ipc", "uts", "mnt"]
        let inside = try namespaces(names)
        #expect(inside.count == names.count)
        #expect(Set(inside).isDisjoint(with: try own(names)))
        #expect(try namespaces(["user"]) == own(["user"]))
    }

    @Test(
        .rootOnly("the host's IPC and network are not a user namespace's; RootlessNamespaceTests"))
    func `host shares the host's namespace, and only that one`() throws {
        #expect(try namespaces(["net"], "--network", "host") == own(["net"]))
        #expect(try namespaces(["pid"], "--pid", "host") == own(["pid"]))
        #expect(try namespaces(["ipc"], "--ipc", "host") == own(["ipc"]))
        #expect(try namespaces(["uts"], "--uts", "host") == own(["uts"]))
        #expect(try namespaces(["user"], "--userns", "host") == own(["user"]))
        let all = try namespaces(
            ["net", "ipc", "uts", "pid"], "--network=host", "--ipc=host", "--uts=host",
            "--pid=host")
        #expect(try all == own(["net", "ipc", "uts", "pid"]))
        let uts = try kade.shell("hostname", "--uts", "host").output
        #expect(try uts == Tool.check("hostname"))
    }

    @Test func `no network has a loopback that is up, and nothing else`() throws {
        let outcome = try kade.shell(
            "ls /sys/class/net; cat /sys/class/net/lo/flags; ping -c 1 -w 20 127.0.0.1 >/dev/null"
                + " && echo reached; cat /proc/net/route | wc -l",
            "--network", "none")
        let devices = outcome.lines.prefix { !$0.hasPrefix("0x") }
        #expect(devices.contains("lo"))
        #expect(!devices.contains { $0.hasPrefix("eth") || $0.hasPrefix("ens") })
        #expect(outcome.lines.contains("0x9"), "\(outcome)")
        #expect(outcome.lines.contains("reached"))
        #expect(outcome.lines.last == "1")
    }

    @Test func `container: joins another container's namespaces`() throws {
        let id = try kade.check(
            "run", "-d", "--name", "other", "--hostname", "otherbox", "--ipc", "shareable",
            "busybox", "sleep", "600")
        let pid = try kade.inspect(id, "{{.State.Pid}}")
        for (flag, name) in [("--network", "net"), ("--pid", "pid"), ("--ipc", "ipc")] {
            let theirs = String(try Tool.check("readlink", "/proc/\(pid)/ns/\(name)").dropLast())
            #expect(try namespaces([name], flag, "container:other") == [theirs], "\(flag)")
        }
        let processes = try kade.shell("ps -o comm", "--pid", "container:other")
        #expect(processes.lines.contains("sleep"))
        try kade.check("kill", "other")
        try kade.wait { try kade.inspect(id, "{{.State.Running}}") == "false" }
        let dead = try kade.shell("true", "--network", "container:other")
        #expect(dead.exitCode == 125)
        #expect(dead.errors.contains("other"))
        let none = try kade.shell("true", "--pid", "container:nobody")
        #expect(none.exitCode == 125)
        #expect(none.errors.contains("nobody"))
    }

    @Test func `an isolated ipc cannot be joined, and none has no /dev/shm`() throws {
        try kade.check(
            "run", "-d", "--name", "alone", "--ipc", "private", "busybox", "sleep", "600")
        let joined = try kade.shell("true", "--ipc", "container:alone")
        #expect(joined.exitCode == 125)
        #expect(joined.errors.contains("alone"))
        let none = try kade.shell("grep -c ' /dev/shm ' /proc/mounts", "--ipc", "none")
        #expect(none.output == "0\n")
    }

    @Test(arguments: [
        ("mynet", "network mynet not found"),
        ("container:", "invalid container format container:<name|id>"),
    ])
    func `a network that there is not is refused`(network: String, why: String) throws {
        let outcome = try kade.shell("true", "--network", network)
        #expect(outcome.exitCode == 125)
        #expect(outcome.errors.contains(why), "\(outcome.errors)")
        #expect(try kade.check("ps", "-aq").isEmpty)
    }

    @Test func `what does not go together is refused`() throws {
        for flags in [
            ["--uts", "host", "--hostname", "x"], ["--network", "container:a", "-h", "x"],
            ["--uts", "container:a"], ["--pid", "none"],
            ["--ipc", "what"], ["--userns", "what"], ["--network", "container:a", "-p", "80:80"],
        ] {
            let outcome = try kade.call(["run", "--rm"] + flags + ["busybox", "true"])
            #expect(outcome.exitCode == 125, "\(flags)")
        }
    }

    @Test(.rootOnly("users have subordinate IDs of their own; RootlessUserNamespaceTests"))
    func `root has no users for auto until the file of subordinate IDs has some`() throws {
        let outcome = try kade.shell("true", "--userns", "auto")
        #expect(outcome.exitCode == 125)
        #expect(outcome.errors.contains("/etc/subuid"), "\(outcome)")
    }
}
