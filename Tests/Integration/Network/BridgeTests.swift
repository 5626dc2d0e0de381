import Foundation
import Testing

/// The default network: containers, the host and the world.
@Suite(.enabled(if: isRoot)) struct BridgeTests {
    private let host: NetworkNamespace
    private let kade: Kade

    init() throws {
        host = try NetworkNamespace()
        kade = try Kade.withBusybox(in: host)
    }

    /// A shell command that serves pages which tell under which address a caller is seen.
    private static let server = """
        mkdir -p $0/cgi-bin
        printf '#!/bin/sh\\necho; echo from $REMOTE_ADDR\\n' > $0/cgi-bin/who
        chmod 755 $0/cgi-bin/who
        exec busybox httpd -f -p 80 -h $0
        """

    /// Starts a container that serves it.
    private func startServer(_ name: String, _ flags: String...) throws {
        let arguments =
            ["run", "-d", "--name", name] + flags + [
                "busybox", "sh", "-c", Self.server, "/tmp/www",
            ]
        let outcome = try kade.call(arguments)
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
        let address = try kade.inspect(name, "{{.NetworkSettings.IPAddress}}")
        try kade.wait { try answer(of: address, 80, from: host) != nil }
    }

    private func request(_ address: String, _ port: Int, _ limit: Int) -> [String] {
        let text =
            "printf 'GET /cgi-bin/who HTTP/1.0\\r\\n\\r\\n' | timeout -s KILL \(limit) busybox nc \(address) \(port)"
        return ["sh", "-c", text]
    }

    /// What a server answers in so many seconds: the caller's address; nil where it does not.
    private func answer(
        of address: String, _ port: Int, from place: NetworkNamespace, limit: Int = 30
    ) throws -> String? {
        Self.caller(in: try Tool.start(place.entry + request(address, port, limit)).wait().lines)
    }

    private func answer(
        of address: String, _ port: Int, fromContainer name: String
    ) throws -> String? {
        Self.caller(in: try kade.call(["exec", name] + request(address, port, 30)).lines)
    }

    private static func caller(in lines: [String]) -> String? {
        guard let line = lines.first(where: { $0.hasPrefix("from ") }) else { return nil }
        return String(line.split { "[]: ".contains($0) }.last ?? "")
    }

    @Test func `containers have addresses, a gateway, and reach each other`() throws {
        try startServer("web")
        let outcome = try kade.shell(
            "ip -4 address show eth0; ip route; cat /etc/hosts")
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("inet 172.17.0.3/16 brd 172.17.255.255"))
        #expect(outcome.output.contains("default via 172.17.0.1 dev eth0"))
        #expect(outcome.output.contains("172.17.0.3\t"))
        try startServer("other")
        #expect(try answer(of: "172.17.0.2", 80, fromContainer: "other") == "172.17.0.3")
        #expect(try host.check("ip -4 address show kade0").contains("inet 172.17.0.1/16"))
    }

    @Test func `a published port is reached from everywhere, and sees the caller`() throws {
        let client = try NetworkNamespace()
        try host.connect(to: client, own: "192.0.2.1/24", others: "192.0.2.2/24")
        try startServer("web", "-p", "8080:80")
        try startServer("other")
        // Another machine, this machine by all of its names, a neighbour, and itself.
        #expect(try answer(of: "192.0.2.1", 8080, from: client) == "192.0.2.2")
        #expect(try answer(of: "192.0.2.1", 8080, from: host) == "192.0.2.1")
        #expect(try answer(of: "172.17.0.1", 8080, from: host) == "172.17.0.1")
        #expect(try answer(of: "127.0.0.1", 8080, from: host) == "172.17.0.1")
        #expect(try answer(of: "192.0.2.1", 8080, fromContainer: "other") == "172.17.0.1")
        #expect(try answer(of: "192.0.2.1", 8080, fromContainer: "web") == "172.17.0.1")
        #expect(try answer(of: "172.17.0.1", 8080, fromContainer: "web") == "172.17.0.1")
        // What was not published is not reached, even by those who know the way.
        try client.check("ip route add 172.17.0.0/16 via 192.0.2.1")
        #expect(try answer(of: "172.17.0.2", 80, from: client, limit: 5) == nil)
        #expect(try answer(of: "192.0.2.1", 8081, from: client, limit: 5) == nil)
        try kade.check("rm", "-f", "web")
        #expect(try answer(of: "192.0.2.1", 8080, from: client, limit: 5) == nil)
        #expect(try answer(of: "127.0.0.1", 8080, from: host, limit: 5) == nil)
    }

    @Test func `a port on the loopback is for the host alone`() throws {
        let client = try NetworkNamespace()
        try host.connect(to: client, own: "192.0.2.1/24", others: "192.0.2.2/24")
        try startServer("web", "-p", "127.0.0.1:8080:80")
        #expect(try answer(of: "127.0.0.1", 8080, from: host) == "172.17.0.1")
        #expect(try answer(of: "192.0.2.1", 8080, from: client, limit: 5) == nil)
        // Somebody next door who sends to 127.0.0.1 by the host's hardware address.
        try client.check(
            """
            echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet
            ip address del 127.0.0.1/8 dev lo
            ip route del table local local 127.0.0.0/8 dev lo 2>&- || true
            ip route add 127.0.0.1/32 via 192.0.2.1 dev lan0 src 192.0.2.2
            """)
        #expect(try answer(of: "127.0.0.1", 8080, from: client, limit: 5) == nil)
    }

    @Test func `containers reach the world as the host`() throws {
        let world = try NetworkNamespace()
        try host.connect(to: world, own: "192.0.2.1/24", others: "192.0.2.2/24")
        let server = try world.start("sh", "-c", Self.server, kade.folder.at("www"))
        defer { server.signal(SIGKILL) }
        try kade.wait { try answer(of: "192.0.2.2", 80, from: host) != nil }
        try kade.check("run", "-d", "--name", "caller", "busybox", "sleep", "9999")
        #expect(try answer(of: "192.0.2.2", 80, fromContainer: "caller") == "192.0.2.1")
        // The host has become a router, but not for others.
        try world.check("ip route add 198.51.100.0/24 via 192.0.2.1")
        try host.check("ip link add far0 type bridge; ip address add 198.51.100.1/24 dev far0")
        #expect(try host.check("cat /proc/sys/net/ipv4/ip_forward") == "1\n")
        #expect(try host.check("nft list ruleset").contains("elements = { ipv4 }"))
    }

    @Test func `a taken port names who has it`() throws {
        let server = try host.start("python3", "-m", "http.server", "8080")
        defer { server.signal(SIGKILL) }
        try kade.wait { try host.check("cat /proc/net/tcp").contains(":1F90") }
        let outcome = try kade("run", "--rm", "-p", "8080:80", "busybox", "true")
        #expect(outcome.exitCode == 125)
        #expect(outcome.errors.contains("port is already allocated: process "), "\(outcome.errors)")
        #expect(outcome.errors.contains("(python3)"))
        let id = try kade.check("run", "-d", "-p", "8081:80", "busybox", "sleep", "1000")
        let second = try kade("run", "--rm", "-p", "8081:80", "busybox", "true")
        #expect(second.errors.contains("container \(id.prefix(12)) has it"), "\(second.errors)")
    }

    @Test func `ports are shown as Docker shows them`() throws {
        try startServer("web", "-p", "80:80", "-p", "127.0.0.1:7000-7001:7000-7001/udp", "-p", "81")
        let random = try kade.check("port", "web", "81")
        #expect(random.hasPrefix("0.0.0.0:"))
        #expect(
            try kade.check("port", "web").split(separator: "\n").map(String.init) == [
                "80/tcp -> 0.0.0.0:80", "81/tcp -> \(random)",
                "7000/udp -> 127.0.0.1:7000", "7001/udp -> 127.0.0.1:7001",
            ])
        #expect(
            try kade.check("ps", "--format", "{{.Ports}}")
                == "0.0.0.0:80->80/tcp, 127.0.0.1:7000-7001->7000-7001/udp, \(random)->81/tcp")
        #expect(
            try kade.inspect("web", "{{json (index .NetworkSettings.Ports \"80/tcp\")}}")
                == "[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"80\"}]")
        #expect(try kade.inspect("web", "{{.NetworkSettings.Gateway}}") == "172.17.0.1")
        #expect(
            try kade.inspect("web", "{{.NetworkSettings.Networks.bridge.MacAddress}}")
                == "02:42:ac:11:00:02")
        try kade.check("stop", "-t", "0", "web")
        #expect(try kade.check("ps", "-a", "--format", "{{.Ports}}|{{.Networks}}") == "|bridge")
        #expect(try kade("port", "web").output.isEmpty)
    }

    @Test func `a killed monitor and a killed kade leave nothing`() throws {
        try startServer("web", "-p", "8080:80")
        let lifecycle = try kade.inspect("web", "{{.Id}}")
        let monitors = try kade.processes().filter {
            $0.value.range(of: Data("monitor".utf8)) != nil
        }
        for pid in monitors.keys { kill(pid, SIGKILL) }
        try kade.wait { try kade.inspect("web", "{{.State.Status}}") == "exited" }
        #expect(!(try host.check("nft list table inet kade").contains("8080")))
        try kade.wait { !(try host.check("ip link").contains("veth")) }
        #expect(try kade.leftovers() == [], "of \(lifecycle)")
        try kade.check("start", "web")
        try kade.wait { try answer(of: "127.0.0.1", 8080, from: host) != nil }
        try kade.check("rm", "-f", "web")
        #expect(!(try host.check("nft list table inet kade").contains("8080")))
        try kade.wait { !(try host.check("ip link").contains("veth")) }
    }

    @Test func `restarts keep the address and the ports`() throws {
        try kade.check(
            "run", "-d", "--name", "web", "--restart", "always", "-p", "8080:80", "busybox", "sh",
            "-c", Self.server, "/tmp/www")
        try kade.wait { try answer(of: "127.0.0.1", 8080, from: host) != nil }
        let pid = try kade.inspect("web", "{{.State.Pid}}")
        try Tool.check("kill", "-KILL", pid)
        try kade.wait { try kade.inspect("web", "{{.RestartCount}}") == "1" }
        try kade.wait { try answer(of: "127.0.0.1", 8080, from: host) != nil }
        #expect(try kade.inspect("web", "{{.NetworkSettings.IPAddress}}") == "172.17.0.2")
    }

    @Test func `flushed rules come back with the next container`() throws {
        try startServer("web", "-p", "8080:80")
        try host.check("nft flush ruleset")
        #expect(try answer(of: "127.0.0.1", 8080, from: host, limit: 5) == nil)
        try kade.check("run", "--rm", "busybox", "true")
        #expect(try answer(of: "127.0.0.1", 8080, from: host) == "172.17.0.1")
    }

    @Test func `explain shows the network's steps`() throws {
        let outcome = try kade("run", "--rm", "--explain", "-p", "8080:80", "busybox", "true")
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        for part in [
            "ip netns add c", "ip link add veth", "ip -n c address add 172.17.0.2/16",
            "nft add element inet kade anyports4", "ip link add kade0 type bridge",
            "echo 1 > /proc/sys/net/ipv4/ip_forward",
        ] {
            let text = outcome.errors + outcome.output
            #expect(text.contains(String(part.prefix(60))), "\(part) is not in \(text)")
        }
    }

    @Test func `the host's firewall decides first`() throws {
        let client = try NetworkNamespace()
        try host.connect(to: client, own: "192.0.2.1/24", others: "192.0.2.2/24")
        try startServer("web", "-p", "8080:80")
        #expect(try answer(of: "192.0.2.1", 8080, from: client) == "192.0.2.2")
        try host.check(
            "nft add table ip filter; nft add chain ip filter forward '{ type filter hook forward "
                + "priority 0; policy drop; }'")
        #expect(try answer(of: "192.0.2.1", 8080, from: client, limit: 5) == nil)
    }

    @Test func `static addresses are kept apart`() throws {
        try kade.check(
            "run", "-d", "--name", "aa", "--ip", "172.17.0.9", "--mac-address", "02:00:00:00:00:09",
            "busybox", "sleep", "1000")
        #expect(
            try kade.check("exec", "aa", "cat", "/sys/class/net/eth0/address")
                == "02:00:00:00:00:09")
        let taken = try kade("run", "--rm", "--ip", "172.17.0.9", "busybox", "true")
        #expect(taken.exitCode == 125)
        #expect(taken.errors.contains("Address already in use"))
        let outside = try kade("run", "--rm", "--ip", "10.0.0.1", "busybox", "true")
        #expect(outside.errors.contains("it is not in the subnet 172.17.0.0/16"))
    }
}
