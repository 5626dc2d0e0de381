import Foundation
import Testing

/// `kade network`: networks of one's own.
@Suite(.enabled(if: isRoot)) struct NetworkCommandTests {
    private let host: NetworkNamespace
    private let kade: Kade

    init() throws {
        host = try .machine()
        kade = try Kade.withBusybox(in: host)
    }

    /// Runs a program where the bridges are: on the machine, or beside a user's containers.
    private func startAtBridges(_ command: String...) throws -> Tool.Running {
        guard kade.user != nil else { return try Tool.start(host.entry + command) }
        let keeper = try #require(kade.process(notedIn: "bridges"))
        return try Tool.start(["nsenter", "--net=/proc/\(keeper)/ns/net"] + command)
    }

    private func startSleeper(_ name: String, on network: String) throws {
        try kade.check(
            "run", "-d", "--name", name, "--network", network, "busybox", "sleep", "9999")
    }

    private func address(of name: String, on network: String) throws -> String {
        try kade.inspect(name, "{{(index .NetworkSettings.Networks \"\(network)\").IPAddress}}")
    }

    /// Whether a container gets an answer from an address.
    private func reaches(_ address: String, from name: String, limit: Int = 20) throws -> Bool {
        try kade("exec", name, "ping", "-c", "1", "-W", "\(limit)", address).exitCode == 0
    }

    /// The page that a server shows.
    private func page(
        of address: String, _ port: Int, from place: NetworkNamespace, limit: Int = 30
    ) throws -> Bool {
        let text =
            "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | timeout -s KILL \(limit) busybox nc \(address) \(port)"
        return try place.run("sh", "-c", text).output.contains("hello")
    }

    @Test func `a network is made, shown and removed`() throws {
        let id = try kade.check(
            "network", "create", "--label", "tier=front", "--subnet", "10.9.0.0/24", "front")
        #expect(id.utf8.count == 64)
        let table = try kade.check("network", "ls").split(separator: "\n").map(String.init)
        #expect(table[0] == "NETWORK ID     NAME      DRIVER    SCOPE")
        #expect(table.count == 5)
        #expect(table.contains("\(id.prefix(12))   front     bridge    local"))
        #expect(
            try kade.check("network", "ls", "-q", "-f", "label=tier=front") == "\(id.prefix(12))")
        #expect(
            try kade.check("network", "ls", "--format", "{{.Name}}", "-f", "type=builtin")
                == "bridge\nhost\nnone")
        #expect(
            try kade.check("network", "inspect", "-f", "{{json .IPAM}}", "front")
                == #"{"Driver":"default","Options":null,"Config":[{"Subnet":"10.9.0.0/24","Gateway":"10.9.0.1"}]}"#
        )
        try startSleeper("aa", on: "front")
        #expect(try address(of: "aa", on: "front") == "10.9.0.2")
        #expect(
            try kade.check(
                "network", "inspect", "-f",
                "{{range .Containers}}{{.Name}} {{.IPv4Address}}{{end}}", "front")
                == "aa 10.9.0.2/24")
        let refused = try kade("network", "rm", "front")
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("has active endpoints: aa"))
        try kade.check("rm", "-f", "aa")
        #expect(try kade.check("network", "rm", "front") == "front")
        #expect(try kade("network", "rm", "front").exitCode == 1)
        #expect(try kade("network", "rm", "-f", "front").exitCode == 0)
    }

    @Test(.rootOnly("a user's bridges have no addresses and no rules; RootlessNetworkTests"))
    func `the machine has a network's bridge and its rules as long as there is the network`()
        throws
    {
        let id = try kade.check("network", "create", "--subnet", "10.9.0.0/24", "front")
        let bridge = "kd-\(id.prefix(12))"
        #expect(try host.check("ip address show \(bridge)").contains("inet 10.9.0.1/24"))
        #expect(try host.check("nft list table inet kade").contains(bridge))
        try kade.check("network", "rm", "front")
        #expect(try host.run("ip", "link", "show", bridge).exitCode == 1)
        #expect(!(try host.check("nft list table inet kade").contains(bridge)))
    }

    @Test(arguments: [
        (["bridge"], "predefined bridge network"),
        (["--subnet", "172.17.9.0/24", "x"], "Pool overlaps with other one on this address space"),
        (["--subnet", "10.0.0.0/24", "--gateway", "10.0.1.1", "x"], "no matching subnet"),
        (["-d", "overlay", "x"], "could not find plugin overlay"),
        (["-o", "color=red", "x"], "has no option color"),
        (["-d", "macvlan", "x"], Kade.isOrdinary ? "no rights over" : "none is named"),
        (["--config-only", "x"], "swarm"),
        (["-x-"], "unknown shorthand flag"),
    ])
    func `what makes no network says why`(arguments: [String], why: String) throws {
        try kade.check("network", "ls")
        let outcome = try kade.call(["network", "create"] + arguments)
        #expect(outcome.exitCode != 0)
        #expect(outcome.errors.contains(why), "\(outcome.errors)")
        #expect(try kade.check("network", "ls", "-q").split(separator: "\n").count == 3)
    }

    @Test func `networks are apart, and no packet of one gets to the other`() throws {
        let first = try kade.check("network", "create", "one")
        let second = try kade.check("network", "create", "two")
        try startSleeper("aa", on: "one")
        try startSleeper("a2", on: "one")
        try startSleeper("bb", on: "two")
        let capture = kade.folder.at("capture")
        let tcpdump = try startAtBridges(
            "tcpdump", "-U", "-n", "-i", "kd-\(second.prefix(12))", "-w", capture)
        try kade.wait { tcpdump.errors.contains("listening on") }
        #expect(try reaches(address(of: "a2", on: "one"), from: "aa"))
        let other = try address(of: "bb", on: "two")
        #expect(try !reaches(other, from: "aa", limit: 2))
        #expect(try kade("exec", "aa", "nc", "-w", "1", other, "80").exitCode != 0)
        tcpdump.signal(SIGKILL)
        _ = try tcpdump.wait()
        let packets = try Tool.check("tcpdump", "-n", "-r", capture)
        let own = try address(of: "aa", on: "one")
        #expect(!packets.contains(own), "\(packets)")
        #expect(first != second)
    }

    @Test func `a network stays while an instruction of a build is on it`() throws {
        try kade.check("network", "create", "front")
        let context = kade.folder.at("context")
        try Tool.check("mkdir", context)
        // The instruction ends with the build, which is killed.
        try kade.folder.write("FROM busybox\nRUN echo begun; exec sleep 1000\n", to: "Dockerfile")
        let build = try kade.start(
            "build", "--progress", "plain", "--network", "front", "-f",
            kade.folder.at("Dockerfile"), context)
        try kade.wait { build.errors.contains(" begun\n") }
        let refused = try kade("network", "rm", "front")
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("an instruction of a build"), "\(refused.errors)")
        #expect(
            try startAtBridges("ip", "-o", "link", "show", "type", "bridge").wait().output
                .contains("kd-"))
        build.signal(SIGKILL)
        _ = try build.wait()
        // The instruction ends with the build, a moment later.
        try kade.wait { try kade("network", "rm", "front").exitCode == 0 }
        #expect(!(try host.check("ip -o link show type bridge").contains("kd-")))
        // Who keeps a user's bridges ends when nobody is there any more.
        try kade.wait {
            try kade.check("ps")
            return try kade.leftovers() == []
        }
    }

    @Test(.rootOnly("no user has a route to the world that a ping takes; RootlessNetworkTests"))
    func `an internal network leads nowhere`() throws {
        let world = try NetworkNamespace()
        try host.connect(to: world, own: "192.0.2.1/24", others: "192.0.2.2/24")
        try kade.check("network", "create", "--internal", "inside")
        try kade.check("network", "create", "outside")
        try startSleeper("aa", on: "inside")
        try startSleeper("bb", on: "inside")
        try startSleeper("cc", on: "outside")
        #expect(try reaches(address(of: "bb", on: "inside"), from: "aa"))
        #expect(try reaches("192.0.2.2", from: "cc"))
        #expect(!(try kade.check("exec", "aa", "ip", "route").contains("default")))
        let gateway = try kade.check(
            "network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", "inside")
        // Even who makes a route has no way out.
        try kade.check("rm", "-f", "aa")
        try kade.check(
            "run", "-d", "--name", "aa", "--cap-add", "NET_ADMIN", "--network", "inside", "busybox",
            "sleep", "9999")
        try kade.check("exec", "aa", "ip", "route", "add", "default", "via", gateway)
        #expect(try !reaches("192.0.2.2", from: "aa", limit: 2))
    }

    @Test func `without inter-container communication only the host answers`() throws {
        try kade.check(
            "network", "create", "-o", "com.docker.network.bridge.enable_icc=false", "-o",
            "com.docker.network.driver.mtu=1400", "apart")
        try startSleeper("aa", on: "apart")
        try startSleeper("bb", on: "apart")
        #expect(try !reaches(address(of: "bb", on: "apart"), from: "aa", limit: 2))
        #expect(try kade.check("exec", "aa", "cat", "/sys/class/net/eth0/mtu") == "1400")
        let gateway = try kade.inspect("aa", "{{.NetworkSettings.Networks.apart.Gateway}}")
        // A user's machine is on no network of its containers.
        #expect(try kade.user == nil ? reaches(gateway, from: "aa") : gateway == "")
    }

    @Test(.rootOnly("pasta publishes IPv6 where the machine routes it; RootlessNetworkTests"))
    func `IPv6 reaches neighbours, the world, and published ports`() throws {
        let world = try NetworkNamespace()
        try host.connect(to: world, own: "192.0.2.1/24", others: "192.0.2.2/24")
        try host.check("ip -6 address add 2001:db8::1/64 dev lan0 nodad")
        try world.check("ip -6 address add 2001:db8::2/64 dev lan0 nodad")
        try kade.check("network", "create", "--ipv6", "six")
        try startSleeper("aa", on: "six")
        try kade.check(
            "run", "-d", "--name", "bb", "--network", "six", "-p", "8080:80", "busybox", "sh", "-c",
            "echo hello > /tmp/index.html; exec httpd -f -p '[::]:80' -h /tmp")
        let six = try kade.inspect("bb", "{{.NetworkSettings.Networks.six.GlobalIPv6Address}}")
        #expect(six.hasPrefix("fd"))
        try kade.wait { try page(of: six, 80, from: host) }
        #expect(try kade("exec", "aa", "ping", "-c", "1", "-W", "20", six).exitCode == 0)
        #expect(try kade("exec", "aa", "ping", "-c", "1", "-W", "20", "2001:db8::2").exitCode == 0)
        #expect(try page(of: "2001:db8::1", 8080, from: world))
        // The kernel cannot lead ::1 away, and says so at once.
        #expect(try !page(of: "::1", 8080, from: host, limit: 5))
        #expect(try page(of: "192.0.2.1", 8080, from: world))
        #expect(
            try kade.check("ps", "--filter", "name=bb", "--format", "{{.Ports}}")
                == "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp")
    }

    @Test func `a running container is connected and disconnected`() throws {
        try kade.check("network", "create", "--subnet", "10.8.0.0/24", "one")
        try kade.check("network", "create", "--subnet", "10.9.0.0/24", "two")
        try kade.check(
            "run", "-d", "--name", "web", "--network", "one", "-p", "8080:80", "busybox", "sh",
            "-c", "echo hello > /tmp/index.html; exec httpd -f -p 80 -h /tmp")
        try startSleeper("bb", on: "two")
        #expect(try !reaches("10.9.0.9", from: "bb", limit: 2))
        try kade.check("network", "connect", "--ip", "10.9.0.9", "two", "web")
        // The kernel remembers for a while that nobody answered.
        try kade.wait { try reaches("10.9.0.9", from: "bb", limit: 2) }
        func wayOut() throws -> String {
            try kade.check("exec", "web", "ip", "route", "show", "default")
        }
        // A user's containers go out by pasta, whatever networks they are on.
        let pasta = kade.user.map { _ in "default via 198.51.100.2 dev pasta0" }
        #expect(try wayOut().contains(pasta ?? "default via 10.8.0.1 dev eth0"))
        #expect(try kade.check("exec", "web", "cat", "/etc/hosts").contains("10.9.0.9\t"))
        #expect(
            try kade.check("ps", "--filter", "network=two", "--format", "{{.Names}}|{{.Networks}}")
                .contains("web|one,two"))
        let again = try kade("network", "connect", "two", "web")
        #expect(again.errors.contains("endpoint with name web already exists in network two"))
        // The way out and the ports go to the network that is left.
        try kade.check("network", "disconnect", "one", "web")
        #expect(try wayOut().contains(pasta ?? "default via 10.9.0.1 dev eth1"))
        #expect(try page(of: "127.0.0.1", 8080, from: host))
        try kade.check("network", "disconnect", "two", "web")
        #expect(try kade.check("exec", "web", "ip", "-o", "link").split(separator: "\n").count == 1)
        #expect(try kade("port", "web").output == "")
        // And back, also over a restart.
        try kade.check("network", "connect", "one", "web")
        try kade.check("restart", "-t", "0", "web")
        #expect(try address(of: "web", on: "one") == "10.8.0.2")
        try kade.wait { try page(of: "127.0.0.1", 8080, from: host) }
        #expect(try kade("network", "disconnect", "two", "web").exitCode == 1)
        #expect(try kade("network", "connect", "host", "web").exitCode == 1)
    }

    @Test(.rootOnly("a user's containers go out by pasta, whatever networks they are on"))
    func `the gateway is that of the highest priority`() throws {
        try kade.check("network", "create", "--subnet", "10.8.0.0/24", "one")
        try kade.check("network", "create", "--subnet", "10.9.0.0/24", "two")
        let outcome = try kade(
            "run", "--rm", "--network", "one", "--network", "name=two,gw-priority=1,ip=10.9.0.77",
            "busybox", "sh", "-c", "ip route; ip -o -4 address")
        #expect(outcome.output.contains("default via 10.9.0.1 dev eth1"), "\(outcome.errors)")
        #expect(outcome.output.contains("eth1    inet 10.9.0.77/24"))
        let both = try kade(
            "run", "--rm", "--network", "one", "--network", "host", "busybox", "true")
        #expect(both.exitCode == 125)
    }

    @Test func `a small network gives all of its addresses, and says when they are gone`() throws {
        try kade.check("network", "create", "--subnet", "10.9.0.0/30", "small")
        try startSleeper("aa", on: "small")
        let full = try kade("run", "--rm", "--network", "small", "busybox", "true")
        #expect(full.exitCode == 125)
        #expect(full.errors.contains("no available IP addresses"), "\(full.errors)")
        try kade.check("rm", "-f", "aa")
        #expect(try kade("run", "--rm", "--network", "small", "busybox", "true").exitCode == 0)
    }

    @Test func `prune removes what nobody uses`() throws {
        try kade.check("network", "create", "used")
        try kade.check("network", "create", "free")
        try startSleeper("aa", on: "used")
        try kade.check("network", "create", "stopped")
        try kade.check("create", "--name", "bb", "--network", "stopped", "busybox", "true")
        #expect(try kade.check("network", "prune", "-f") == "Deleted Networks:\nfree\n")
        #expect(
            try kade.check("network", "ls", "-f", "type=custom", "--format", "{{.Name}}")
                == "stopped\nused")
    }

    @Test(.rootOnly("users have no rights over the machine's devices; RootlessNetworkTests"))
    func `macvlan containers are on the host's own network`() throws {
        let neighbour = try NetworkNamespace()
        try host.connect(to: neighbour, own: "192.0.2.1/24", others: "192.0.2.2/24")
        try kade.check(
            "network", "create", "-d", "macvlan", "-o", "parent=lan0", "--subnet", "192.0.2.0/24",
            "--ip-range", "192.0.2.64/28", "--gateway", "192.0.2.2", "lan")
        let outcome = try kade(
            "run", "--rm", "--network", "lan", "busybox", "sh", "-c",
            "ip -o -4 address; ip route; ping -c 1 -W 20 192.0.2.2")
        #expect(outcome.exitCode == 0, "\(outcome.errors)\(outcome.output)")
        #expect(outcome.output.contains("inet 192.0.2.64/24"))
        #expect(outcome.output.contains("default via 192.0.2.2 dev eth0"))
        try startSleeper("one", on: "lan")
        let page = try kade.check("explain", "--only", "network", "one")
        #expect(page.contains("of the driver macvlan, mode bridge"), "\(page)")
        #expect(page.contains("the machine's device that eth0 is a part of"), "\(page)")
        #expect(try kade.check("map", "one").contains("→ is a part of: lan0"))
    }

    @Test(.rootOnly("a user's machine is on no network of its containers; RootlessNetworkTests"))
    func `containers call the host, and those they are linked to, by name`() throws {
        try startSleeper("web", on: "bridge")
        let hosts = try kade.shell(
            "cat /etc/hosts", "--link", "web:db", "--add-host", "box:host-gateway")
        #expect(hosts.exitCode == 0, "\(hosts.errors)")
        let id = try kade.inspect("web", "{{.Id}}").prefix(12)
        for line in [
            "172.17.0.2\tdb \(id) web", "172.17.0.1\tbox",
            "172.17.0.1\thost.docker.internal host.containers.internal",
        ] {
            #expect(hosts.lines.contains(line), "\(line) is not in \(hosts.output)")
        }
        let own = try kade.shell(
            "cat /etc/hosts", "--add-host", "host.docker.internal:192.0.2.9")
        #expect(own.lines.contains("172.17.0.1\thost.containers.internal"))
        #expect(own.lines.contains("192.0.2.9\thost.docker.internal"))
        let none = try kade(
            "run", "--rm", "--network", "none", "--add-host", "box:host-gateway", "busybox", "true")
        #expect(none.errors.contains("unable to derive the IP value for host-gateway"))
        try kade.check("stop", "-t", "0", "web")
        let stopped = try kade("run", "--rm", "--link", "web:db", "busybox", "true")
        #expect(stopped.errors.contains("Cannot link to a non running container"))
        let missing = try kade("create", "--link", "nobody", "busybox", "true")
        #expect(missing.exitCode != 0)
    }

    @Test func `a network that only a stopped container is on can be removed`() throws {
        try kade.check("network", "create", "--subnet", "10.9.0.0/24", "front")
        try kade.check(
            "run", "-d", "--name", "aa", "--network", "name=front,ip=10.9.0.7,alias=web", "busybox",
            "sleep", "9999")
        #expect(try kade("network", "rm", "front").errors.contains("active endpoints: aa"))
        try kade.check("stop", "-t", "0", "aa")
        try kade.check("network", "rm", "front")
        let refused = try kade("start", "aa")
        #expect(refused.errors.contains("network front not found"), "\(refused.errors)")
        try kade.check("network", "create", "--subnet", "10.9.0.0/24", "front")
        try kade.check("start", "aa")
        #expect(try address(of: "aa", on: "front") == "10.9.0.7")
        #expect(
            try kade.inspect("aa", "{{.NetworkSettings.Networks.front.Aliases}}") == "[web]")
        try kade.check("stop", "-t", "0", "aa")
        try kade.check("network", "rm", "front")
        try kade.check("network", "disconnect", "front", "aa")
        try kade.check("start", "aa")
        #expect(try kade.inspect("aa", "{{len .NetworkSettings.Networks}}") == "0")
    }
}
