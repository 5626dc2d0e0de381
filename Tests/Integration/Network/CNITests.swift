import Foundation
import Testing

/// Networks that plugins of CNI make, in a network namespace of the test's own: Debian's plugins,
/// and false ones that fail.
@Suite(.enabled(if: isRoot)) struct CNITests {
    private let host: NetworkNamespace
    private let kade: Kade

    init() throws {
        host = try NetworkNamespace()
        let folder = try TemporaryFolder()
        try Tool.check("mkdir", folder.at("net.d"), folder.at("leases"), folder.at("plugins"))
        self.folder = folder
        kade = try Kade.withBusybox(
            environment: [
                "NETCONFPATH": folder.at("net.d"),
                "CNI_PATH": folder.at("plugins") + ":/usr/lib/cni",
            ], in: host)
    }

    /// The networks' files, the leases of host-local and the false plugins.
    private let folder: TemporaryFolder

    /// Writes a list of plugins.
    private func write(
        _ name: String, version: String = "1.0.0", more: String = "", _ plugins: String
    ) throws {
        try folder.write(
            """
            {"cniVersion": "\(version)", "name": "\(name)"\(more), "plugins": [\(plugins)]}
            """, to: "net.d/\(name).conflist")
    }

    /// A bridge with addresses of host-local.
    private func bridge(
        _ subnet: String, _ more: String = "", isWayOut: Bool = true
    ) -> String {
        let routes = isWayOut ? #"{"dst": "0.0.0.0/0"}"# : ""
        return """
            {"type": "bridge", "bridge": "cni\(subnet.split(separator: ".")[1])", "isGateway": true, "ipMasq": true\(more),
             "ipam": {"type": "host-local", "dataDir": "\(folder.at("leases"))",
               "ranges": [[{"subnet": "\(subnet)"}]], "routes": [\(routes)]}}
            """
    }

    private let portmap = #"{"type": "portmap", "capabilities": {"portMappings": true}}"#

    /// A plugin that notes what it is told, and then does what a script says.
    private func writePlugin(_ name: String, _ script: String) throws {
        try folder.write(
            """
            #!/bin/sh
            cat > \(folder.path)/$CNI_COMMAND.in
            echo "$CNI_COMMAND $CNI_IFNAME $CNI_ARGS $CNI_NETNS" >> \(folder.path)/calls
            \(script)
            """, to: "plugins/\(name)")
        try Tool.check("chmod", "755", folder.at("plugins/\(name)"))
    }

    private func leases(_ network: String) throws -> [String] {
        try Tool.run("sh", "-c", "ls \(folder.at("leases"))/\(network) | grep -E '^[0-9a-f.:]+$'")
            .lines
    }

    private func run(_ name: String, _ flags: String...) throws -> Tool.Outcome {
        try kade.call(["run", "-d", "--name", name] + flags + ["busybox", "sleep", "9999"])
    }

    @Test func `files are networks, shown and not removed`() throws {
        try write("front", bridge("10.60.0.0/24") + "," + portmap)
        try folder.write("{", to: "net.d/broken.conflist")
        let table = try kade.check("network", "ls", "--format", "{{.Name}} {{.Driver}}")
        #expect(table == "bridge bridge\nfront cni\nhost host\nnone null")
        #expect(
            try kade.check("network", "inspect", "-f", "{{.Driver}} {{.Options.plugins}}", "front")
                == "cni bridge portmap")
        let refused = try kade("network", "rm", "front")
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("front.conflist"), "\(refused.errors)")
        try kade.check("network", "prune", "-f")
        #expect(try kade("network", "create", "-d", "cni", "x").errors.contains("are files"))
        try Tool.check("rm", folder.at("net.d/front.conflist"))
        #expect(try kade("network", "inspect", "front").exitCode == 1)
    }

    @Test func `a container has the address, ports and names that plugins give`() throws {
        let world = try NetworkNamespace()
        try host.connect(to: world, own: "192.0.2.1/24", others: "192.0.2.2/24")
        try world.check("ip route add default via 192.0.2.1")
        try write(
            "front",
            bridge("10.60.0.0/24", #", "dns": {"nameservers": ["10.60.0.1"], "search": ["lan"]}"#)
                + "," + portmap)
        let outcome = try kade(
            "run", "-d", "--name", "web", "--network", "front", "-p", "8088:80", "busybox", "nc",
            "-ll", "-p", "80", "-e", "echo", "hello")
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        let address = try kade.inspect(
            "web", "{{.NetworkSettings.Networks.front.IPAddress}}")
        #expect(address.hasPrefix("10.60.0."))
        #expect(
            try kade.inspect("web", "{{.NetworkSettings.Networks.front.Gateway}}") == "10.60.0.1")
        #expect(
            try kade.check(
                "network", "inspect", "-f", "{{range .Containers}}{{.IPv4Address}}{{end}}", "front")
                == address + "/24")
        #expect(try kade.check("port", "web") == "80/tcp -> 0.0.0.0:8088")
        #expect(try kade.check("exec", "web", "hostname", "-i") == address)
        #expect(
            try kade.check("exec", "web", "cat", "/etc/resolv.conf")
                == "nameserver 10.60.0.1\nsearch lan")
        try kade.wait {
            try world.run("sh", "-c", "timeout 5 busybox nc 192.0.2.1 8088 < /dev/null").output
                == "hello\n"
        }
        let second = try run("other", "--network", "front", "-p", "8088:80")
        #expect(second.errors.contains("port is already allocated"), "\(second.errors)")
        #expect(try leases("front") == [address])
        try kade.check("rm", "-f", "web", "other")
        #expect(try leases("front").isEmpty)
        #expect(!(try host.check("nft list ruleset").contains("8088")))
    }

    @Test func `addresses that are asked for are given or refused`() throws {
        try write(
            "own", bridge("10.61.0.0/24", #", "capabilities": {"ips": true, "mac": true}"#))
        try write("old", bridge("10.62.0.0/24"))
        for (network, address) in [("own", "10.61.0.77"), ("old", "10.62.0.77")] {
            let outcome = try run(
                network, "--network", network, "--ip", address, "--mac-address",
                "02:42:00:00:00:77")
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            let shown = try kade.check("exec", network, "ip", "address", "show", "eth0")
            #expect(shown.contains(address + "/24"))
            #expect(shown.contains("02:42:00:00:00:77"))
        }
        let refused = try run("far", "--network", "own", "--ip", "10.99.0.1")
        #expect(refused.exitCode != 0)
        #expect(refused.errors.contains("CNI plugin bridge says"), "\(refused.errors)")
        let noPorts = try run("ports", "--network", "own", "-p", "80:80")
        #expect(noPorts.errors.contains("capability portMappings"), "\(noPorts.errors)")
        #expect(try leases("own") == ["10.61.0.77"])
    }

    @Test func `a running container comes and goes`() throws {
        try kade.check("network", "create", "--subnet", "10.63.0.0/24", "own")
        #expect(try run("web", "--network", "own").exitCode == 0)
        // The default route leads over the first one already.
        try write("front", bridge("10.60.0.0/24", isWayOut: false))
        try kade.check("network", "connect", "front", "web")
        let address = try kade.inspect("web", "{{.NetworkSettings.Networks.front.IPAddress}}")
        #expect(try kade.check("exec", "web", "ip", "address", "show", "eth1").contains(address))
        #expect(try kade.check("exec", "web", "cat", "/etc/hosts").contains(address))
        try kade.check("network", "disconnect", "front", "web")
        #expect(try kade("exec", "web", "ip", "address", "show", "eth1").exitCode != 0)
        #expect(try leases("front").isEmpty)
        #expect(!(try kade.check("exec", "web", "cat", "/etc/hosts").contains(address)))
    }

    @Test(arguments: [
        #"{"type": "ptp", "ipMasq": false, "ipam": IPAM}"#,
        #"{"type": "macvlan", "master": "lan0", "ipam": IPAM}"#,
        #"{"type": "bridge", "bridge": "b1", "isGateway": true, "ipam": IPAM}, {"type": "tuning"}"#,
    ])
    func `Debian's plugins connect two containers`(plugins: String) throws {
        try host.check(
            "ip link add lan0 type veth peer name lan1; ip link set lan0 up; ip link set lan1 up")
        let addresses = """
            {"type": "host-local", "dataDir": "\(folder.at("leases"))",
             "ranges": [[{"subnet": "10.64.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}
            """
        try host.check("echo 1 > /proc/sys/net/ipv4/ip_forward")
        try write(
            "net", version: "0.4.0", plugins.replacingOccurrences(of: "IPAM", with: addresses))
        #expect(try run("one", "--network", "net").errors == "")
        #expect(try run("two", "--network", "net").errors == "")
        let other = try kade.inspect("two", "{{.NetworkSettings.Networks.net.IPAddress}}")
        try kade.wait {
            try kade("exec", "one", "ping", "-c", "1", "-W", "2", other).exitCode == 0
        }
        try kade.check("rm", "-f", "one", "two")
        #expect(try leases("net").isEmpty)
    }

    @Test func `what a plugin refuses is told in its words, and taken back`() throws {
        try writePlugin(
            "grumpy",
            """
            [ $CNI_COMMAND = ADD ] || exit 0
            echo '{"cniVersion": "1.0.0", "code": 11, "msg": "no cable", "details": "port 7"}'
            exit 1
            """)
        try write("front", bridge("10.60.0.0/24") + #", {"type": "grumpy"}"#)
        let outcome = try run("web", "--network", "front")
        #expect(outcome.exitCode == 125)
        #expect(
            outcome.errors.contains("the CNI plugin grumpy says: no cable: port 7 (code 11)"),
            "\(outcome.errors)")
        #expect(try leases("front").isEmpty)
        let calls = try Tool.check("cat", folder.at("calls")).split(separator: "\n")
        #expect(calls.map { $0.prefix(8) } == ["ADD eth0", "DEL eth0"])
        try writePlugin("grumpy", "echo out of words >&2; exit 3")
        let silent = try run("web2", "--network", "front")
        #expect(silent.errors.contains("ended with exit code 3: out of words"), "\(silent.errors)")
        try write("gone", #"{"type": "missing"}"#)
        #expect(try run("web3", "--network", "gone").errors.contains("plugin missing is in none"))
        try writePlugin("grumpy", "exit 0")
        for name in ["web", "web2", "web3"] { try kade.check("rm", "-f", name) }
        #expect(try leases("front").isEmpty)
    }

    @Test func `plugins get what the container asks for, and their own result back`() throws {
        try writePlugin(
            "notes",
            """
            [ $CNI_COMMAND != ADD ] ||
                echo '{"cniVersion": "1.1.0", "ips": [{"address": "10.65.0.5/24"}], "mark": "kept"}'
            """)
        try write(
            "front", version: "1.1.0",
            """
            {"type": "notes", "capabilities": {"bandwidth": true, "dns": true, "aliases": true}}
            """)
        // The program ends with an error, runs again, and its network is checked before that.
        let outcome = try kade(
            "run", "-d", "--name", "web", "--network",
            "name=front,driver-opt=ingressRate=1000,driver-opt=COLOR=red,alias=shop", "--dns",
            "10.65.0.53", "--restart", "on-failure:1", "busybox", "sh", "-c",
            "[ -e /again ] || { touch /again; exit 3; }; exec sleep 9999")
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        let told = try Tool.check("cat", folder.at("ADD.in"))
        #expect(told.contains(#""bandwidth":{"ingressRate":1000}"#), "\(told)")
        #expect(told.contains(#""dns":{"servers":["10.65.0.53"]}"#))
        #expect(told.contains(#""aliases":{"front":["shop"]}"#))
        #expect(try Tool.check("cat", folder.at("calls")).contains("IgnoreUnknown=1;COLOR=red"))
        try kade.wait { FileManager.default.fileExists(atPath: folder.at("CHECK.in")) }
        try kade.wait {
            try kade("exec", "web", "cat", "/etc/resolv.conf").output.contains("10.65.0.53")
        }
        #expect(try Tool.check("cat", folder.at("CHECK.in")).contains(#""mark":"kept""#))
        try kade.check("rm", "-f", "web")
        #expect(try Tool.check("cat", folder.at("DEL.in")).contains(#""mark":"kept""#))
    }

    @Test func `a monitor that was killed leaves nothing for good`() throws {
        try write("front", bridge("10.60.0.0/24") + "," + portmap)
        #expect(try run("web", "--network", "front", "-p", "8088:80").exitCode == 0)
        let pid = try kade.inspect("web", "{{.State.Pid}}")
        let monitor = try Tool.check("ps", "-o", "ppid=", "-p", pid)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        kill(try #require(pid_t(monitor)), SIGKILL)
        try kade.wait { try kade.inspect("web", "{{.State.Running}}") == "false" }
        #expect(try leases("front").isEmpty)
        #expect(!(try host.check("nft list ruleset").contains("8088")))
        try kade.check("start", "web")
        #expect(try leases("front").count == 1)
        let again = try kade.inspect("web", "{{.NetworkSettings.Networks.front.IPAddress}}")
        #expect(try leases("front") == [again])
        try kade.check("stop", "-t", "0", "web")
        #expect(try leases("front").isEmpty)
    }

    @Test func `an instruction of a build has its place for a while`() throws {
        try write("front", bridge("10.60.0.0/24"))
        try folder.write(
            "FROM busybox\nRUN ip address show eth0 | grep 10.60.0\n", to: "Dockerfile")
        try Tool.check("mkdir", "-p", folder.at("context"))
        let outcome = try kade(
            "build", "--network", "front", "-f", folder.at("Dockerfile"), folder.at("context"))
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(try leases("front").isEmpty)
    }

    @Test func `a plan names the plugins and executes none`() throws {
        try writePlugin("notes", "echo '{}'")
        try write("front", #"{"type": "notes"}"#)
        let plan = try kade.check(
            "run", "--plan", "--network", "front", "busybox", "true")
        #expect(plan.contains("CNI_COMMAND=ADD"), "\(plan)")
        #expect(plan.contains("notes"))
        #expect(!FileManager.default.fileExists(atPath: folder.at("calls")))
    }
}
