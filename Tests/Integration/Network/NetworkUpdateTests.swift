import Foundation
import Testing

/// The name servers of a network: `kade network update`, and `create --dns`.
@Suite(.enabled(if: isRoot)) struct NetworkUpdateTests {
    private let machine: NetworkNamespace
    private let world: NetworkNamespace
    private let kade: Kade
    /// Servers of the world outside; the machine's own is the last one.
    private let servers: [NameServerStub]

    private static let addresses = ["192.0.2.2", "192.0.2.3", "192.0.2.4"]

    init() throws {
        let world = try NetworkNamespace()
        self.world = world
        machine = try NetworkNamespace(resolver: "nameserver 192.0.2.4\n")
        try machine.connect(to: world, own: "192.0.2.1/24", others: "192.0.2.2/24")
        try machine.check("ip route add default via 192.0.2.2")
        for address in Self.addresses.dropFirst() {
            try world.check("ip address add \(address)/24 dev lan0")
        }
        servers = try Self.addresses.map { try NameServerStub(at: $0, in: world) }
        kade = try Kade.withBusybox(in: machine)
    }

    private func startSleeper(_ name: String, _ flags: String...) throws {
        let outcome = try kade.call(
            ["run", "-d", "--name", name] + flags + ["busybox", "sleep", "9999"])
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
    }

    /// Which servers hear of a name that a container asks for, and none has asked for before.
    private func asked(_ name: String, by container: String) throws -> [Int] {
        try kade.wait {
            try kade("exec", container, "nslookup", "-type=a", "\(name).example.").output
                .contains("198.51.100.7")
        }
        return servers.indices.filter { servers[$0].questions.contains("udp \(name).example") }
    }

    /// The machine's server is asked; an ordinary user's commands see another `/etc/resolv.conf`.
    private func expectMachineAsked(_ name: String, by container: String) throws {
        if kade.user == nil { #expect(try asked(name, by: container) == [2]) }
    }

    private func shown(_ network: String) throws -> String {
        try kade.check("network", "inspect", "-f", "{{json .NetworkDNSServers}}", network)
    }

    private func endServers() { for server in servers { server.stop() } }

    @Test func `containers that run ask the servers that their network has by now`() throws {
        defer { endServers() }
        try kade.check("network", "create", "front")
        #expect(try shown("front") == "[]")
        try startSleeper("api", "--network", "front")
        try startSleeper("own", "--network", "front", "--dns", "192.0.2.3")
        try expectMachineAsked("a", by: "api")
        #expect(
            try kade.check("network", "update", "--dns-add", "192.0.2.2,192.0.2.3", "front")
                == "front")
        #expect(try shown("front") == #"["192.0.2.2","192.0.2.3"]"#)
        #expect(try asked("b", by: "api") == [0])
        #expect(try asked("c", by: "own") == [1])
        try kade.check("network", "update", "--dns-drop", "192.0.2.2", "front")
        #expect(try asked("d", by: "api") == [1])
        try kade.check("restart", "-t", "0", "api")
        #expect(try asked("e", by: "api") == [1])
        try startSleeper("late", "--network", "front")
        #expect(try asked("f", by: "late") == [1])
        // Its names are still its own.
        let output = try kade("exec", "late", "nslookup", "-type=a", "api.").output
        #expect(output.contains("Name:\tapi"), "\(output)")
        try kade.check("network", "update", "--dns-drop", "192.0.2.3", "front")
        try expectMachineAsked("g", by: "api")
        let events = try kade.check(
            "events", "--since", "1h", "--until", "0s", "--filter", "type=network", "--format",
            "{{.Action}} {{.Actor.Attributes.name}}")
        #expect(events.split(separator: "\n").filter { $0 == "update front" }.count == 3)
    }

    @Test func `a network is made with servers, and a container has those of all its networks`()
        throws
    {
        defer { endServers() }
        try kade.check("network", "create", "--dns", "192.0.2.3", "front")
        try kade.check("network", "create", "--dns", "192.0.2.2", "--dns", "192.0.2.2", "back")
        #expect(try shown("back") == #"["192.0.2.2"]"#)
        try startSleeper("api", "--network", "front")
        #expect(try asked("a", by: "api") == [1])
        try kade.check("network", "connect", "back", "api")
        #expect(try asked("b", by: "api") == [1])
        try kade.check("network", "update", "--dns-drop", "192.0.2.3", "front")
        #expect(try asked("c", by: "api") == [0])
        try kade.check("network", "disconnect", "back", "api")
        try expectMachineAsked("d", by: "api")
    }

    @Test func `a plan changes nothing`() throws {
        defer { endServers() }
        try kade.check("network", "create", "front")
        try startSleeper("api", "--network", "front")
        let plan = try kade.check("network", "update", "--plan", "--dns-add", "192.0.2.2", "front")
        #expect(plan.contains("UPDATE networks"), "\(plan)")
        #expect(plan.contains("network.json"), "\(plan)")
        #expect(try shown("front") == "[]")
        try expectMachineAsked("a", by: "api")
    }

    @Test func `who was killed half-way has changed all of it, or nothing`() throws {
        defer { endServers() }
        try kade.check("network", "create", "front")
        try startSleeper("api", "--network", "front")
        try startSleeper("web", "--network", "front")
        // Before the first container hears of what the network's row says already.
        let killed = try Tool.start(
            [
                "strace", "-o", "/dev/null", "-e", "trace=rename,renameat,renameat2",
                "--inject=rename,renameat,renameat2:signal=KILL:when=1",
            ] + kade.commandLine(["network", "update", "--dns-add", "192.0.2.2", "front"]),
            environment: kade.environment
        ).wait()
        #expect(killed.exitCode != 0)
        #expect(try shown("front") == #"["192.0.2.2"]"#)
        try kade.check("ps")
        for name in ["api", "web"] { #expect(try asked(name, by: name) == [0]) }
    }

    @Test(arguments: [
        (["--dns-drop", "192.0.2.9", "front"], "the network's servers are 192.0.2.2"),
        (["--dns-add", "127.0.0.1", "front"], "that is the container itself"),
        (["--dns-add", "here", "front"], "'here' is no IP address"),
        (["--dns-add", "192.0.2.9", "gone"], "network gone not found"),
        (["--dns-add", "192.0.2.9", "bridge"], "it has no name server of its own"),
        (["--dns-add", "192.0.2.9", "host"], "it has no name server of its own"),
        (["front"], "use --dns-add or --dns-drop"),
    ])
    func `what cannot be says why, and changes nothing`(words: [String], why: String) throws {
        defer { endServers() }
        try kade.check("network", "create", "--dns", "192.0.2.2", "front")
        let outcome = try kade.call(["network", "update"] + words)
        #expect(outcome.exitCode != 0)
        #expect(outcome.errors.contains(why), "\(outcome.errors)")
        #expect(try shown("front") == #"["192.0.2.2"]"#)
    }
}
