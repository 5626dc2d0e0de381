import Foundation
import Testing

/// `kade explain --shell`: a script without Kade in it builds what Kade has built.
@Suite(.enabled(if: isRoot)) struct ExplainShellTests {
    let namespace: NetworkNamespace
    let kade: Kade
    let folder: TemporaryFolder
    var trial: ShellTrial { ShellTrial(kade: kade, namespace: namespace) }

    init() throws {
        namespace = try NetworkNamespace(resolver: "nameserver 192.0.2.1\n")
        kade = try Kade.withBusybox(in: namespace)
        folder = try TemporaryFolder()
        for name in ["a b/one", "deep/er/one", "file"] { try folder.write("x", to: name) }
    }

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
        if flags.contains(where: { $0.hasPrefix("token") }) {
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
        if flags.contains(where: { $0.hasPrefix("auto") }) {
            try folder.write("containers:500000:70000\n", to: "subids")
            let file = folder.at("subids")
            try namespace.check(
                """
                touch /etc/subuid /etc/subgid
                mount --bind \(file) /etc/subuid
                mount --bind \(file) /etc/subgid
                """)
        }
        if flags.contains("container:owner") {
            try kade.check(
                "run", "-d", "--name", "owner", "--uidmap", "0:300000:70000", "busybox", "sleep",
                "600")
        }
        if test.image == "linked" {
            try kade.check(
                "run", "--name", "base", "busybox", "sh", "-c",
                "mkdir -p /store/data && ln -s /store /abs && ln -s store/../store /rel")
            try kade.check("commit", "base", "linked")
        }
        return flags
    }

    /// The script's ports lead to the script's container, beside those of the first.
    private func checkPorts(of name: String) throws {
        let elements = try namespace.check("nft list table inet kade")
        let address = try #require(try trial.ownAddresses(of: name).first?.own)
        #expect(elements.contains("tcp . 28080 : \(address) . 80"), "\(elements)")
        #expect(elements.contains("udp . 127.0.0.1 . 25353 : \(address) . 53"), "\(elements)")
        #expect(elements.contains("tcp . 8080 : 10.9.8.2 . 80"), "\(elements)")
    }

    @Test(arguments: ShellCase.all)
    func `the script builds the same container`(test: ShellCase) throws {
        try trial.compare(test, flags: try prepare(test)) {
            if test.name == "published" { try checkPorts(of: test.name) }
        }
    }

    @Test func `a script says what no plain command does`() throws {
        try kade.check(
            "run", "-t", "--name", "telling", "-e", "a.b=c", "-v",
            "\(folder.at("deep")):/deep:owner=1000",
            "busybox", "true")
        let path = try trial.script(of: "telling")
        let outcome = try trial.start(path).wait()
        #expect(outcome.exitCode == 0, "\(outcome)")
        for text in [
            "cannot filter its system calls", "cannot give it a terminal of its own",
            "cannot give it the variables a.b",
        ] { #expect(outcome.errors.contains(text), "\(outcome.errors)") }
        try trial.checkNothingIsLeft(of: "telling")
    }

    @Test func `a script that fails takes away what it made, and keeps the exit code`() throws {
        try kade.check(
            "create", "--name", "failing", "--network", "bridge", "-v",
            "\(folder.at("deep")):/deep", "busybox", "sh", "-c", "exit 3")
        let path = try trial.script(of: "failing")
        try Tool.check("rm", "-r", folder.at("deep"))
        let outcome = try trial.start(path).wait()
        #expect(outcome.exitCode != 0 && outcome.errors.contains("/deep"), "\(outcome)")
        try trial.checkNothingIsLeft(of: "failing")
        try folder.write("x", to: "deep/one")
        #expect(try trial.start(path).wait().exitCode == 3)
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
