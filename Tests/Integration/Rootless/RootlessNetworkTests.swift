import Foundation
import Testing

/// An ordinary user's networks with names, on a machine with another one beside it.
@Suite(.enabled(if: isRoot)) struct RootlessNetworkTests {
    private let machine: NetworkNamespace
    private let other: NetworkNamespace
    private let kade: Kade

    init() throws {
        other = try NetworkNamespace()
        machine = try .routed(by: other)
        kade = try Kade.withBusybox(in: machine, as: TestUser())
        try kade.check("network", "create", "--subnet", "10.9.0.0/24", "front")
        try kade.check("network", "create", "--subnet", "10.8.0.0/24", "back")
    }

    /// Starts a container that says its name to who connects to port 80.
    private func serve(_ name: String, _ flags: String...) throws {
        let outcome = try kade.call(
            ["run", "-d", "--name", name] + flags
                + ["busybox", "nc", "-ll", "-p", "80", "-e", "echo", "\(name) here"])
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
    }

    /// What a container hears on port 80 of an address or a name.
    private func answer(of address: String, to container: String) throws -> String {
        try kade(
            "exec", container, "sh", "-c", "echo | timeout 3 nc \(address) 80"
        ).output.trimmingCharacters(in: .newlines)
    }

    private func expectAnswer(of name: String, to container: String) throws {
        try expectAnswer(of: name, at: name, to: container)
    }

    /// Waits for it, where three seconds may be short.
    private func expectAnswer(of name: String, at address: String, to container: String) throws {
        try kade.wait { try answer(of: address, to: container) == "\(name) here" }
    }

    /// The process that keeps the bridges.
    private var keeper: pid_t? { kade.process(notedIn: "bridges") }

    /// One that has ended has no namespaces, even while nobody has waited for it.
    private func isAlive(_ process: pid_t) -> Bool {
        FileManager.default.fileExists(atPath: "/proc/\(process)/ns/net")
    }

    @Test func `containers of one network reach each other by name, and no others`() throws {
        try serve("web", "--network", "front", "--network-alias", "shop")
        try serve("api", "--network", "front")
        try serve("store", "--network", "back")
        try expectAnswer(of: "web", to: "api")
        try expectAnswer(of: "api", to: "web")
        try expectAnswer(of: "web", at: "shop", to: "api")
        #expect(try answer(of: "web", to: "store") == "")
        #expect(try answer(of: "10.9.0.2", to: "store") == "")
        try expectAnswer(of: "web", at: "10.9.0.2", to: "api")
        #expect(
            try kade.inspect("api", "{{.NetworkSettings.Networks.front.IPAddress}}") == "10.9.0.3")
        #expect(try kade.inspect("api", "{{.NetworkSettings.Networks.front.Gateway}}") == "")
        #expect(
            try kade.check("network", "inspect", "-f", "{{len .Containers}}", "front") == "2")
        // The machine has none of it.
        #expect(try !machine.check("ip -o link").contains("kd-"))
        // An address is kept over a restart.
        try kade.check("restart", "-t", "0", "web")
        try expectAnswer(of: "web", to: "api")
        try expectAnswer(of: "web", at: "10.9.0.2", to: "api")
    }

    @Test func `containers come and go while they run`() throws {
        try serve("web", "--network", "front")
        try serve("store", "--network", "back")
        try expectAnswer(of: "store", to: "store")
        #expect(try answer(of: "web", to: "store") == "")
        try kade.check("network", "connect", "--alias", "depot", "front", "store")
        try expectAnswer(of: "web", to: "store")
        try expectAnswer(of: "store", at: "depot", to: "web")
        try kade.check("network", "disconnect", "front", "store")
        #expect(try answer(of: "web", to: "store") == "")
        try expectAnswer(of: "store", to: "store")
        let refused = try kade("network", "rm", "front")
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("network front has active endpoints: web"))
        try kade.check("rm", "-f", "web")
        try kade.check("network", "rm", "front")
        #expect(try !kade.check("network", "ls", "--format", "{{.Name}}").contains("front"))
    }

    @Test func `a published port leads in, and the caller keeps its address`() throws {
        try kade.check(
            "run", "-d", "--name", "web", "--network", "front", "-p", "8080:80", "busybox", "sh",
            "-c", "echo 'netstat -tn | grep :80' > /serve; nc -ll -p 80 -e sh /serve")
        try serve("api", "--network", "front")
        let call = "echo | timeout 10 busybox nc 192.0.2.1 8080"
        try kade.wait { try other.run("sh", "-c", call).output.contains("192.0.2.2:") }
        #expect(try kade.check("port", "web") == "80/tcp -> 0.0.0.0:8080")
        try kade.wait {
            try kade("exec", "api", "sh", "-c", "echo | timeout 3 nc web 80").output
                .contains("10.9.0.3:")
        }
        let second = try kade.shell("true", "--network", "front", "-p", "8080:80")
        #expect(second.exitCode == 125)
        #expect(second.errors.contains("port is already allocated"), "\(second.errors)")
        try kade.check("update", "-p", "8081:80", "--rm-p", "8080:80", "web")
        try kade.wait {
            try other.run("sh", "-c", call.replacing("8080", with: "8081")).output
                .contains("192.0.2.2:")
        }
        #expect(try other.run("sh", "-c", call).output == "")
    }

    @Test func `an internal network leads nowhere but to its containers`() throws {
        try kade.check("network", "create", "--internal", "--subnet", "10.7.0.0/24", "inner")
        try serve("web", "--network", "inner")
        try serve("api", "--network", "inner")
        try expectAnswer(of: "web", to: "api")
        func routes() throws -> String { try kade.check("exec", "api", "ip", "route") }
        #expect(try !routes().contains("default"))
        let plan = try kade.check("network", "connect", "--plan", "front", "api")
        #expect(plan.contains("-I pasta0") && plan.contains("ip -n bridges link add"), "\(plan)")
        #expect(try !routes().contains("default"))
        try kade.check("network", "connect", "front", "api")
        #expect(try routes().contains("default via 192.0.2.2 dev pasta0"))
        try kade.check("network", "disconnect", "front", "api")
        try kade.wait { try !routes().contains("default") }
        try expectAnswer(of: "web", to: "api")
    }

    /// A network of both versions.
    private func makeSix(_ flags: String...) throws {
        let outcome = try kade.call(
            ["network", "create", "--ipv6", "--subnet", "10.6.0.0/24", "--subnet", "fd00:6::/64"]
                + flags + ["six"])
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
    }

    /// The addresses of version 6 that a container gets for a name.
    private func lookUp(_ name: String, from container: String) throws -> [String] {
        try kade("exec", container, "nslookup", "-type=aaaa", name + ".").lines
            .drop { !$0.hasPrefix("Name:") }
            .filter { $0.hasPrefix("Address: ") }.map { String($0.dropFirst(9)) }
    }

    @Test func `containers reach each other by IPv6, at names and fixed addresses`() throws {
        try makeSix()
        try serve("web", "--network", "six", "--ip6", "fd00:6::77")
        try serve("api", "--network", "six")
        try serve("store", "--network", "back")
        #expect(try lookUp("web", from: "api") == ["fd00:6::77"])
        #expect(try lookUp("api", from: "web") == ["fd00:6::2"])
        try expectAnswer(of: "web", at: "fd00:6::77", to: "api")
        try expectAnswer(of: "api", at: "fd00:6::2", to: "web")
        try expectAnswer(of: "store", to: "store")
        #expect(try answer(of: "fd00:6::77", to: "store") == "")
        let fields = ["GlobalIPv6Address", "GlobalIPv6PrefixLen", "IPv6Gateway"]
            .map { "{{.NetworkSettings.Networks.six.\($0)}}" }.joined(separator: "|")
        #expect(try kade.inspect("web", fields) == "fd00:6::77|64|")
        #expect(
            try kade.check(
                "network", "inspect", "-f",
                "{{.EnableIPv6}}{{range .Containers}} {{.Name}}={{.IPv6Address}}{{end}}", "six"
            ).split(separator: " ").sorted()
                == ["api=fd00:6::2/64", "true", "web=fd00:6::77/64"])
        let taken = try kade.shell("true", "--network", "six", "--ip6", "fd00:6::77")
        #expect(taken.exitCode == 125 && taken.errors.contains("Address already in use"))
        // It is kept over a restart; who comes later has what it asks for.
        try kade.check("restart", "-t", "0", "web")
        try expectAnswer(of: "web", at: "fd00:6::77", to: "api")
        try kade.check("network", "connect", "--ip6", "fd00:6::88", "six", "store")
        try expectAnswer(of: "web", at: "fd00:6::77", to: "store")
        try expectAnswer(of: "store", at: "fd00:6::88", to: "web")
        try kade.check("network", "disconnect", "six", "store")
        #expect(try answer(of: "fd00:6::77", to: "store") == "")
    }

    @Test func `a network of IPv6 alone has names, too, and an internal one no way out`() throws {
        try other.check("ip -6 address add 2001:db8::2/64 dev lan0 nodad")
        try machine.check(
            "ip -6 address add 2001:db8::1/64 dev lan0 nodad;"
                + " ip -6 route add default via 2001:db8::2")
        try kade.check(
            "network", "create", "--internal", "--ipv4=false", "--ipv6", "--subnet",
            "fd00:7::/64", "inner")
        try serve("web", "--network", "inner")
        try serve("api", "--network", "inner")
        #expect(try kade.inspect("api", "{{.NetworkSettings.Networks.inner.IPAddress}}") == "")
        // There is no address of version 4 that could answer.
        try expectAnswer(of: "web", to: "api")
        try expectAnswer(of: "api", to: "web")
        func routes() throws -> String { try kade.check("exec", "api", "ip", "-6", "route") }
        #expect(try !routes().contains("default via"))
        try makeSix()
        try kade.check("network", "connect", "six", "api")
        #expect(try routes().contains("default via 2001:db8::2 dev pasta0"))
        try kade.check("network", "disconnect", "six", "api")
        try kade.wait { try !routes().contains("dev pasta0") }
        try expectAnswer(of: "web", to: "api")
    }

    @Test func `the way out and published ports are IPv6's where the machine has that`() throws {
        try makeSix()
        let refused = try kade.shell("true", "--network", "six", "-p", "[::]:8080:80")
        #expect(refused.exitCode == 125)
        #expect(
            refused.errors.contains("cannot give the container a network with pasta"),
            "\(refused.errors)")
        try other.check("ip -6 address add 2001:db8::2/64 dev lan0 nodad")
        try machine.check(
            "ip -6 address add 2001:db8::1/64 dev lan0 nodad;"
                + " ip -6 route add default via 2001:db8::2")
        try kade.check(
            "run", "-d", "--name", "web", "--network", "six", "-p", "[::]:8080:80", "busybox",
            "sh", "-c", "echo 'netstat -tn | grep :80' > /serve; nc -ll -p 80 -e sh /serve")
        #expect(try kade.check("port", "web") == "80/tcp -> [::]:8080")
        try kade.wait {
            try other.run("sh", "-c", "echo | timeout 10 busybox nc 2001:db8::1 8080").output
                .contains("2001:db8::2:")
        }
        try kade.folder.write("hello\n", to: "pages/index.html")
        let server = try other.start(
            "busybox", "httpd", "-f", "-p", "[2001:db8::2]:9000", "-h", kade.folder.at("pages"))
        defer { server.signal(SIGKILL) }
        try kade.wait {
            try kade(
                "exec", "web", "timeout", "10", "wget", "-qO-", "http://[2001:db8::2]:9000"
            ).output == "hello\n"
        }
    }

    @Test func `other names are asked for by the way of pasta`() throws {
        let server = try NameServerStub(at: "192.0.2.2", in: other)
        defer { server.stop() }
        let outcome = try kade.shell(
            "nslookup -type=a some.example.", "--network", "front", "--dns", "192.0.2.2")
        #expect(outcome.output.contains("198.51.100.7"), "\(outcome)")
    }

    @Test func `the bridges are there while a container uses them`() throws {
        #expect(keeper == nil)
        try serve("web", "--network", "front")
        let first = try #require(keeper)
        #expect(isAlive(first))
        try kade.check("rm", "-f", "web")
        try kade.wait { !isAlive(first) }
        try serve("web", "--network", "front")
        try serve("api", "--network", "front")
        try expectAnswer(of: "web", to: "api")
        try kade.check("rm", "-f", "web", "api")
        try kade.wait(until: { try kade.leftovers().isEmpty })
    }

    @Test func `a keeper that was killed is replaced beside the containers`() throws {
        try serve("web", "--network", "front")
        let first = try #require(keeper)
        kill(first, SIGKILL)
        try kade.wait { !isAlive(first) }
        try serve("api", "--network", "front")
        try expectAnswer(of: "web", to: "api")
        let second = try #require(keeper)
        #expect(second != first)
        try kade.check("rm", "-f", "web", "api")
        try kade.wait { !isAlive(second) }
    }

    @Test(arguments: [
        // As soon as it is noted; and while the monitor that has its bridges waits for the command.
        ("rename:delay_exit=700000", "hold"), ("flock:delay_enter=700000", "monitor"),
    ])
    func `a keeper that is killed during the only start does it no harm`(
        delay: String, process: String
    ) throws {
        try kade.check("create", "--name", "web", "--network", "front", "busybox", "sleep", "600")
        let start = try Tool.start(
            ["strace", "-o", "/dev/null", "-e", "trace=flock,rename", "--inject=\(delay)"]
                + kade.commandLine(["start", "web"]), environment: kade.environment)
        let word = Data("\0\(process)\0".utf8)
        try kade.wait {
            try keeper != nil && kade.processes().values.contains { $0.range(of: word) != nil }
        }
        let first = try #require(keeper)
        kill(first, SIGKILL)
        #expect(try start.wait().exitCode == 0, "\(start.errors)")
        #expect(keeper != first)
        try serve("api", "--network", "front")
        try expectAnswer(of: "api", to: "api")
        #expect(try kade("exec", "web", "ping", "-c", "1", "-W", "30", "api").exitCode == 0)
    }

    @Test func `what a killed monitor leaves the next command cleans up`() throws {
        try serve("web", "--network", "front")
        try serve("api", "--network", "front")
        let kept = try #require(keeper)
        kill(try kade.monitor(of: "web"), SIGKILL)
        try kade.wait {
            try kade.check("ps", "--format", "{{.Names}}") == "api"
        }
        #expect(try answer(of: "web", to: "api") == "")
        try kade.check("start", "web")
        try expectAnswer(of: "web", to: "api")
        for name in ["web", "api"] { kill(try kade.monitor(of: name), SIGKILL) }
        try kade.wait { try kade.check("ps", "-q") == "" }
        try kade.wait { !isAlive(kept) }
        try kade.check("rm", "web", "api")
        try kade.check("network", "rm", "front", "back")
    }

    @Test func `containers that begin at once share the bridges`() throws {
        let runs = try (0..<6).map { number in
            try kade.start(
                "run", "-d", "--name", "at-once-\(number)", "--network", "front", "busybox", "nc",
                "-ll", "-p", "80", "-e", "echo", "at-once-\(number) here")
        }
        for run in runs { #expect(try run.wait().exitCode == 0, "\(run.errors)") }
        for number in 1..<6 { try expectAnswer(of: "at-once-\(number)", to: "at-once-0") }
    }

    @Test func `a plan says where the bridges are, and explain looks there`() throws {
        let plan = try kade.check(
            "run", "--plan", "--name", "web", "--network", "front", "busybox", "sleep", "600")
        #expect(plan.contains("ip netns add bridges"))
        #expect(plan.contains("ip -n bridges link add kd-"))
        #expect(plan.contains("type veth peer name eth0"))
        #expect(plan.contains("-I pasta0"))
        #expect(keeper == nil)
        try kade.check(
            "run", "-d", "--name", "web", "--network", "front", "busybox", "sleep", "600")
        let lines = try #require(
            try ExplainTests.explain("web", by: kade, "--only", "network")["network"])
        let veth = try #require(lines.first { $0.name.hasPrefix("veth") })
        #expect(veth.why == "the other end of eth0, beside your bridges")
        #expect(veth.effective?.contains("port of the bridge kd-") == true)
        let bridge = try #require(lines.first { $0.name.hasPrefix("kd-") })
        #expect(bridge.effective == "up, no address")
        #expect(lines.contains { $0.name == "pasta0" })
        #expect(!lines.contains { $0.name.hasPrefix("nft ") })
    }

    @Test(arguments: [
        (["network", "create", "-d", "macvlan", "-o", "parent=lan0", "own"], "no rights over"),
        (["network", "create", "-d", "ipvlan", "-o", "parent=lan0", "own"], "no rights over"),
        (
            [
                "network", "create", "-o", "com.docker.network.bridge.gateway_mode_ipv4=routed",
                "own",
            ], "takes part in no routing"
        ),
        (
            ["run", "--rm", "--network", "front", "-p", "5000:5000/sctp", "busybox", "true"],
            "pasta carries TCP and UDP alone"
        ),
        (
            [
                "run", "--rm", "--network", "front", "--add-host", "me:host-gateway", "busybox",
                "true",
            ], "unable to derive the IP value for host-gateway"
        ),
    ])
    func `what takes the machine's network is refused`(arguments: [String], why: String) throws {
        let outcome = try kade.call(arguments)
        #expect(outcome.exitCode != 0)
        #expect(outcome.errors.contains(why), "\(outcome.errors)")
        #expect(try kade.check("ps", "-aq") == "")
    }

    @Test func `a container of the network pasta is on that one alone`() throws {
        try kade.check("run", "-d", "--name", "plain", "busybox", "sleep", "600")
        let outcome = try kade("network", "connect", "front", "plain")
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains("one of the networks in pasta mode"), "\(outcome.errors)")
        #expect(outcome.errors.contains("make the container anew, with --network front"))
        #expect(keeper == nil)
    }

    @Test func `a build's instruction has a network, too`() throws {
        try serve("web", "--network", "front")
        try expectAnswer(of: "web", to: "web")
        try kade.folder.write("FROM busybox\nRUN echo | timeout 60 nc web 80\n", to: "b/Dockerfile")
        try Tool.check("chown", "-R", "\(TestUser.id):\(TestUser.id)", kade.folder.at("b"))
        let outcome = try kade(
            "build", "--progress", "plain", "--network", "front", kade.folder.at("b"))
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect((outcome.output + outcome.errors).contains("web here"))
    }
}
