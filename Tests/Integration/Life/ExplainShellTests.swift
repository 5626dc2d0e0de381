import Foundation
import Testing

/// `kade explain --shell`: a script without Kade in it builds what Kade has built.
@Suite(.enabled(if: isRoot)) struct ExplainShellTests {
    let namespace: NetworkNamespace
    let kade: Kade
    let folder: TemporaryFolder

    init() throws {
        namespace = try NetworkNamespace(resolver: "nameserver 192.0.2.1\n")
        kade = try Kade.withBusybox(in: namespace)
        folder = try TemporaryFolder()
        for name in ["a b/one", "deep/er/one", "file"] { try folder.write("x", to: name) }
    }

    /// What a script has done.
    private struct Run {
        var exitCode: Int32
        var output: String
        var errors: String
    }

    /// Writes a container's script and checks its text; the script's path.
    private func script(of name: String) throws -> String {
        let outcome = try kade("explain", "--shell", name)
        try #require(outcome.exitCode == 0, "\(outcome.errors)")
        try kade.folder.write(outcome.output, to: "\(name).sh")
        let path = kade.folder.at("\(name).sh")
        let checked = try Tool.run("sh", "-n", path)
        #expect(checked.exitCode == 0, "\(checked.errors)")
        if try Tool.run("sh", "-c", "command -v shellcheck").exitCode == 0 {
            // SC2016: what stands in quotes is meant to be read later, by another shell. SC2317: what
            // undoes something is called by the trap.
            let advice = try Tool.run("shellcheck", "--exclude=SC2016,SC2317", path)
            #expect(advice.exitCode == 0, "\(advice.output)")
        }
        return path
    }

    private func environment() -> [String] { ["env", "TMPDIR=\(kade.folder.path)"] }

    private func prepare(_ test: ShellCase) throws -> [String] {
        let flags = test.flags.map { $0.replacingOccurrences(of: "FOLDER", with: folder.path) }
        if flags.contains(where: { $0.hasSuffix("peer") }) {
            try kade.check(
                "run", "-d", "--name", "peer", "--ipc", "shareable", "busybox", "sleep", "600")
        }
        if flags.contains("front") {
            try kade.check("network", "create", "--subnet", "10.9.8.0/24", "front")
        }
        if flags.contains("closed") {
            try kade.check(
                "network", "create", "--internal", "--subnet", "10.9.9.0/29", "closed")
        }
        if flags.contains("six") {
            try kade.check(
                "network", "create", "--ipv6", "--subnet", "fd00:9::/64", "--subnet",
                "10.9.7.0/24", "six")
        }
        if flags.contains("lan") {
            // As a cable to another machine.
            try namespace.check("ip link add lan0 type veth peer name lan1; ip link set lan0 up")
            try kade.check(
                "network", "create", "-d", "macvlan", "-o", "parent=lan0", "--subnet",
                "192.0.2.0/24", "--gateway", "192.0.2.1", "lan")
        }
        if flags.contains("token") {
            try kade.check("secret", "create", "token", folder.at("file"))
        }
        if flags.contains(where: { $0.contains("memory,dst") }) {
            try kade.check(
                "volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "-o",
                "o=size=1m,mode=750", "memory")
            _ = try kade.shell("mkdir /v/below", "-v", "stored:/v")
        }
        if flags.contains(where: { $0.hasPrefix(folder.path + "/deep") || $0.contains("/deep,") }) {
            // With another mount below it.
            let deep = folder.at("deep")
            try namespace.check(
                """
                mount --bind \(deep) \(deep)
                mount --make-shared \(deep)
                mount -t tmpfs -o size=1m below \(deep)/er
                """)
        }
        if test.image == "linked" {
            try kade.check(
                "run", "--name", "base", "busybox", "sh", "-c",
                "mkdir -p /store/data && ln -s /store /abs && ln -s store/../store /rel")
            try kade.check("commit", "base", "linked")
        }
        return flags
    }

    /// The machine's namespaces, and the peer's where there is one.
    private func knownNamespaces() throws -> [String: String] {
        var known: [String: String] = [:]
        let kinds = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"]
        if try kade("inspect", "peer").exitCode == 0 {
            let pid = try kade.inspect("peer", "{{.State.Pid}}")
            for kind in kinds {
                known[try Tool.check("readlink", "/proc/\(pid)/ns/\(kind)").trimmed] = "the peer's"
            }
        }
        for kind in kinds {
            let link = try namespace.check("readlink /proc/self/ns/\(kind)").trimmed
            known[link] = "the machine's"
        }
        return known
    }

    @Test(arguments: ShellCase.all)
    func `the script builds the same container`(test: ShellCase) throws {
        let flags = try prepare(test)
        // One that runs stays, so that the other one is made beside it.
        let end = test.state == .running ? "\necho the end\nexec sleep 600" : "\nexit 7"
        let command =
            flags + ["--name", test.name, test.image, "sh", "-c", ShellProbe.script + end, "probe"]
            + test.arguments
        var path = ""
        let original: Run
        switch test.state {
        case .exited:
            let outcome = try kade.call(["run"] + command)
            original = Run(
                exitCode: outcome.exitCode, output: outcome.output, errors: outcome.errors)
            path = try script(of: test.name)
        case .created:
            try #require(try kade.call(["create"] + command).exitCode == 0)
            path = try script(of: test.name)
            let outcome = try kade("start", "-a", test.name)
            original = Run(
                exitCode: outcome.exitCode, output: outcome.output, errors: outcome.errors)
        case .running:
            try #require(try kade.call(["run", "-d"] + command).exitCode == 0)
            try kade.wait { try kade("logs", test.name).output.contains("the end\n") }
            original = Run(exitCode: 143, output: try kade("logs", test.name).output, errors: "")
            path = try script(of: test.name)
        }
        let known = try knownNamespaces()
        let running = try Tool.start(namespace.entry + environment() + ["sh", path])
        if test.state == .running {
            try kade.wait { running.output.contains("the end\n") || !running.process.isRunning }
            if test.name == "published" { try checkPorts(of: test.name) }
            running.signal(SIGTERM)
        }
        let copy = try running.wait()
        try compare(test, original, copy, known)
        try checkNothingIsLeft(of: test.name)
        // Best effort: Kade leaves the parent that it was told to use, as the script does.
        if test.flags.contains("/parent") {
            _ = try Tool.run("sh", "-c", "rmdir /sys/fs/cgroup/parent /sys/fs/cgroup/*/parent")
        }
    }

    private func compare(
        _ test: ShellCase, _ original: Run, _ copy: Tool.Outcome, _ known: [String: String]
    ) throws {
        #expect(copy.exitCode == original.exitCode, "\(copy.errors)")
        for line in copy.errors.split(separator: "\n") {
            #expect(line.contains("-by-hand-") && line.contains(": cannot "), "\(line)")
        }
        if !test.flags.contains("seccomp=unconfined"), !test.flags.contains("--privileged") {
            #expect(copy.errors.contains("cannot filter its system calls"))
        }
        let texts = try ownAddresses(of: test.name)
        // Binds of its own files: those of the bundle, and the script's copies. Their paths begin
        // where their file system does.
        let id = try kade.inspect(test.name, "{{.Id}}")
        let bundle = try Regex("(/[^ ,=:]*)?/containers/\(id)/")
        let work = try Regex(
            "(/[^ ,=:]*)?/\(test.name)-by-hand-[0-9]+\\.[A-Za-z0-9]+/(files/|mounts/|layers/)?")
        func lines(of text: String, _ own: [(String, String)]) -> [String] {
            ShellProbe.lines(
                of: text.replacing(bundle, with: "OWN/").replacing(work, with: "OWN/"),
                namespaces: known, own: own
            ).filter { line in !test.unlike.contains { line.hasPrefix($0) } }
        }
        let expected = lines(of: original.output, texts.map { ($0.original, $0.name) })
        let actual = lines(of: copy.output, texts.map { ($0.own, $0.name) })
        #expect(expected.count > 60, "\(original)")
        // What Kade clones beforehand the kernel lists first: parents are in the lines themselves.
        let missing = difference(expected, actual)
        let added = difference(actual, expected)
        #expect(
            missing.isEmpty && added.isEmpty,
            """
            only Kade: \(missing.joined(separator: "\n"))
            only the script: \(added.joined(separator: "\n"))
            \(copy.errors)
            """)
    }

    /// Lines that one list has more often than the other.
    private func difference(_ lines: [String], _ others: [String]) -> [String] {
        var left = others
        return lines.filter { line in
            guard let index = left.firstIndex(of: line) else { return true }
            left.remove(at: index)
            return false
        }
    }

    /// An address that each of the two has alone.
    private struct OwnAddress {
        let original: String
        let own: String
        let name: String
    }

    /// The variables at the script's top, with what their comments say of the original.
    private func ownAddresses(of name: String) throws -> [OwnAddress] {
        try kade.folder.text("\(name).sh").split(separator: "\n").compactMap { line in
            guard
                let match = line.wholeMatch(
                    of: /(ipv[46][_0-9]*)=([^ ]+)\/[0-9]+ .* is ([^ ]+)\/[0-9]+/)
            else { return nil }
            return OwnAddress(
                original: String(match.3), own: String(match.2), name: String(match.1))
        }
    }

    /// The script's ports lead to the script's container, beside those of the first.
    private func checkPorts(of name: String) throws {
        let elements = try namespace.check("nft list table inet kade")
        let address = try #require(try ownAddresses(of: name).first?.own)
        #expect(elements.contains("tcp . 28080 : \(address) . 80"), "\(elements)")
        #expect(elements.contains("udp . 127.0.0.1 . 25353 : \(address) . 53"), "\(elements)")
        #expect(elements.contains("tcp . 8080 : 10.9.8.2 . 80"), "\(elements)")
    }

    /// Mounts, cgroups, namespaces, devices, ports and files of a script that has ended.
    private func checkNothingIsLeft(of name: String) throws {
        let mark = "\(name)-by-hand-"
        let cgroups = try Tool.run("find", "/sys/fs/cgroup", "-type", "d", "-name", "\(mark)*")
        #expect(cgroups.output.isEmpty)
        let networks = try Tool.run("sh", "-c", "ls /run/netns 2>/dev/null | grep \(mark)")
        #expect(networks.output.isEmpty)
        let files = try FileManager.default.contentsOfDirectory(atPath: kade.folder.path)
        #expect(files.filter { $0.hasPrefix(mark) }.isEmpty)
        let mounts = try namespace.check("cat /proc/self/mountinfo")
        #expect(!mounts.contains(mark))
        let devices = try namespace.check("ip -o link")
        #expect(!devices.contains("hand"), "\(devices)")
        let table = try namespace.run("nft", "list", "table", "inet", "kade").output
        #expect(!table.contains("28080"), "\(table)")
    }

    @Test func `a script says what no plain command does`() throws {
        try kade.check(
            "run", "-t", "--name", "one", "-e", "a.b=c", "-v",
            "\(folder.at("deep")):/deep:owner=1000",
            "busybox", "true")
        let path = try script(of: "one")
        let outcome = try Tool.start(namespace.entry + environment() + ["sh", path]).wait()
        #expect(outcome.exitCode == 0, "\(outcome)")
        for text in [
            "cannot filter its system calls", "cannot give it a terminal of its own",
            "cannot give it the variables a.b",
        ] { #expect(outcome.errors.contains(text), "\(outcome.errors)") }
        try checkNothingIsLeft(of: "one")
    }

    @Test func `a script that fails takes away what it made, and keeps the exit code`() throws {
        try kade.check(
            "create", "--name", "one", "--network", "bridge", "-v", "\(folder.at("deep")):/deep",
            "busybox", "sh", "-c", "exit 3")
        let path = try script(of: "one")
        try Tool.check("rm", "-r", folder.at("deep"))
        let outcome = try Tool.start(namespace.entry + environment() + ["sh", path]).wait()
        #expect(outcome.exitCode != 0 && outcome.errors.contains("/deep"), "\(outcome)")
        try checkNothingIsLeft(of: "one")
        try folder.write("x", to: "deep/one")
        #expect(
            try Tool.start(namespace.entry + environment() + ["sh", path]).wait().exitCode == 3)
    }

    @Test func `what no script can build is refused`() throws {
        #expect(try kade("explain", "--shell", "nobody").exitCode == 1)
        try kade.check("create", "--name", "one", "--tz", "Europe/Amsterdam", "busybox", "true")
        let early = try kade("explain", "--shell", "one")
        #expect(early.exitCode != 0)
        #expect(early.errors.contains("which its first start writes"), "\(early)")
        #expect(early.errors.contains("kade start one"))
        let two = try kade("explain", "--shell", "--json", "one")
        #expect(two.errors.contains("--shell writes a script, and nothing else"), "\(two)")
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
