import Foundation
import Testing

/// Names of containers, and what their name server does with other names.
@Suite(.enabled(if: isRoot)) struct NameTests {
    private let host: NetworkNamespace
    private let kade: Kade

    init() throws {
        host = try NetworkNamespace(resolver: "nameserver 127.0.0.53\nsearch lan.example\n")
        kade = try Kade.withBusybox(in: host)
        try kade.check("network", "create", "--ipv6", "--subnet", "10.9.0.0/24", "front")
    }

    private func startSleeper(_ name: String, _ flags: String...) throws {
        let outcome = try kade.call(
            ["run", "-d", "--name", name] + flags + ["busybox", "sleep", "9999"])
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
    }

    /// The addresses of a version that a container gets for a name, or the names of an address.
    private func lookUp(
        _ name: String, from container: String, type: String? = "a"
    ) throws -> [String] {
        // The dot at the end keeps the search domains away.
        let words = type.map { ["-type=\($0)", name + "."] } ?? [name]
        let outcome = try kade.call(["exec", container, "nslookup"] + words)
        // The first address is the server's.
        let found = outcome.lines.drop { !$0.hasPrefix("Name:") && !$0.contains("name = ") }
        return found.compactMap { line in
            if line.hasPrefix("Address: ") { return String(line.dropFirst(9)) }
            return line.range(of: "name = ").map { String(line[$0.upperBound...]) }
        }.sorted()
    }

    private func says(_ name: String, from container: String, type: String = "a") throws -> String {
        let outcome = try kade("exec", container, "nslookup", "-type=\(type)", name)
        return outcome.output + outcome.errors
    }

    @Test func `containers find each other by name, ID, alias and host name`() throws {
        try startSleeper("web", "--network", "front", "--network-alias", "w", "-h", "shop")
        try startSleeper("api", "--network", "name=front,alias=w", "--link", "web:db")
        let id = try kade.inspect("web", "{{.Id}}").prefix(12)
        for name in ["web", "WEB", String(id), "shop", "db", "web.front"] {
            #expect(try lookUp(name, from: "api") == ["10.9.0.2"], "\(name)")
        }
        #expect(try lookUp("w", from: "api") == ["10.9.0.2", "10.9.0.3"])
        #expect(try lookUp("db", from: "web") == [])
        let v6 = try kade.inspect(
            "web", "{{.NetworkSettings.Networks.front.GlobalIPv6Address}}")
        #expect(try lookUp("web", from: "api", type: "aaaa") == [v6])
        #expect(try lookUp("10.9.0.2", from: "api", type: nil) == ["web.front"])
        #expect(try lookUp(v6, from: "api", type: nil) == ["web.front"])
        #expect(
            try kade.inspect("web", "{{json .NetworkSettings.Networks.front.DNSNames}}")
                == "[\"web\",\"w\",\"\(id)\",\"shop\"]")
        #expect(
            try kade.check("exec", "api", "cat", "/etc/resolv.conf")
                == "nameserver 127.0.0.11\nsearch lan.example\noptions ndots:0")
    }

    @Test func `names follow what happens to containers`() throws {
        try startSleeper("web", "--network", "front")
        try startSleeper("api", "--network", "front")
        #expect(try lookUp("web", from: "api") == ["10.9.0.2"])
        try kade.check("rename", "web", "shop")
        #expect(try lookUp("shop", from: "api") == ["10.9.0.2"])
        #expect(try lookUp("web", from: "api") == [])
        try kade.check("stop", "-t", "0", "shop")
        #expect(try lookUp("shop", from: "api") == [])
        try kade.check("start", "shop")
        #expect(try lookUp("shop", from: "api") == ["10.9.0.2"])
        try kade.check("network", "disconnect", "front", "shop")
        #expect(try lookUp("shop", from: "api") == [])
        try kade.check("network", "connect", "--alias", "store", "front", "shop")
        #expect(try lookUp("store", from: "api") == ["10.9.0.2"])
        try kade.check("rm", "-f", "shop")
        #expect(try lookUp("store", from: "api") == [])
    }

    @Test func `networks do not know each other's names`() throws {
        try kade.check("network", "create", "--subnet", "10.8.0.0/24", "back")
        try startSleeper("web", "--network", "front")
        try startSleeper("store", "--network", "back")
        try startSleeper("api", "--network", "front", "--network", "back")
        #expect(try lookUp("store", from: "web") == [])
        #expect(try lookUp("web", from: "api") == ["10.9.0.2"])
        #expect(try lookUp("store", from: "api") == ["10.8.0.2"])
        #expect(try lookUp("api", from: "store") == ["10.8.0.3"])
    }

    @Test func `the default bridge has no names until it is left`() throws {
        try host.check("echo 'nameserver 192.0.2.9' > /etc/resolv.conf")
        try startSleeper("web", "--network", "front")
        try startSleeper("plain")
        let pid = try kade.inspect("plain", "{{.State.Pid}}")
        func rules() throws -> String {
            try Tool.check("nsenter", "--net=/proc/\(pid)/ns/net", "nft", "list", "ruleset")
        }
        #expect(try rules() == "")
        #expect(
            try kade.check("exec", "plain", "cat", "/etc/resolv.conf") == "nameserver 192.0.2.9")
        let refused = try kade("run", "--rm", "--network-alias", "w", "busybox", "true")
        #expect(refused.errors.contains("only for containers in user defined networks"))
        try kade.check("network", "connect", "front", "plain")
        #expect(try rules().contains("127.0.0.11"))
        #expect(try lookUp("web", from: "plain") == ["10.9.0.2"])
        try kade.check("network", "disconnect", "front", "plain")
        #expect(
            try kade.check("exec", "plain", "cat", "/etc/resolv.conf") == "nameserver 192.0.2.9")
    }

    @Test func `the host's servers are asked about other names`() throws {
        let server = try NameServerStub(at: "127.0.0.53", in: host)
        defer { server.stop() }
        try startSleeper("api", "--network", "front")
        #expect(try lookUp("a.example", from: "api") == ["198.51.100.7"])
        #expect(try says("none.invalid", from: "api").contains("NXDOMAIN"))
        #expect(try says("fails.example", from: "api").contains("SERVFAIL"))
        // A cut answer is asked for again over TCP, as whoever asks wants it; nslookup does not.
        #expect(
            try kade.check(
                "exec", "api", "sh", "-c",
                "printf '\\0\\037\\1\\2\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\5large\\7example\\0\\0\\1\\0\\1'"
                    + " | timeout -s KILL 5 nc 127.0.0.11 53 | wc -c") == "1633")
        #expect(server.questions.contains("tcp large.example"))
        // The file may change at any time: two servers, of which one is not there.
        try host.check(
            "printf 'nameserver 127.0.0.54\\nnameserver 127.0.0.53\\n' > /etc/resolv.conf")
        #expect(try lookUp("b.example", from: "api") == ["198.51.100.7"])
        try host.check("printf '' > /etc/resolv.conf")
        #expect(try says("c.example", from: "api").contains("SERVFAIL"))
        #expect(!server.questions.contains("udp c.example"))
        #expect(!server.questions.contains { $0.contains("api") || $0.contains("arpa") })
    }

    @Test func `an internal network asks nobody outside`() throws {
        let server = try NameServerStub(at: "127.0.0.53", in: host)
        defer { server.stop() }
        try kade.check("network", "create", "--internal", "closed")
        try startSleeper("api", "--network", "closed")
        #expect(try says("a.example", from: "api").contains("NXDOMAIN"))
        #expect(try lookUp("api", from: "api") != [])
        try kade.check("network", "connect", "front", "api")
        #expect(try lookUp("b.example", from: "api") == ["198.51.100.7"])
        // A question is asked again where the answer takes its time.
        #expect(Set(server.questions) == ["udp b.example"])
    }

    @Test func `servers of --dns are asked from inside`() throws {
        let world = try NetworkNamespace()
        try host.connect(to: world, own: "192.0.2.1/24", others: "192.0.2.2/24")
        let server = try NameServerStub(at: "192.0.2.2", in: world)
        defer { server.stop() }
        try startSleeper(
            "api", "--network", "front", "--dns", "192.0.2.3", "--dns", "192.0.2.2",
            "--dns-search", "corp.example", "--dns-option", "ndots:1")
        #expect(
            try kade.check("exec", "api", "cat", "/etc/resolv.conf")
                == "nameserver 127.0.0.11\nsearch corp.example\noptions ndots:1")
        #expect(try lookUp("a.example", from: "api") == ["198.51.100.7"])
        // One word is for the search domains, and for nobody outside.
        #expect(try lookUp("word", from: "api") == [])
        #expect(!server.questions.contains("udp word"))
    }

    @Test func `a container can have a name server of its own`() throws {
        try startSleeper("web", "--network", "front")
        try kade.check(
            "run", "-d", "--name", "own", "--network", "front", "busybox", "sh", "-c",
            "exec nc -ll -p 53 -e echo own")
        try kade.wait {
            try kade("exec", "web", "sh", "-c", "nc 10.9.0.3 53 < /dev/null").output == "own\n"
        }
        let pid = try kade.inspect("own", "{{.State.Pid}}")
        let bind = """
            import socket
            datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            datagrams.bind(('', 53))
            print(datagrams.getsockname()[1])
            """
        #expect(
            try Tool.check("nsenter", "--net=/proc/\(pid)/ns/net", "python3", "-c", bind)
                == "53\n")
        #expect(try lookUp("web", from: "own") == ["10.9.0.2"])
    }

    @Test func `a killed name server, and a killed monitor, do no harm`() throws {
        try startSleeper("web", "--network", "front")
        try startSleeper("api", "--network", "front")
        #expect(try lookUp("web", from: "api") == ["10.9.0.2"])
        var monitors: [pid_t: Data] = [:]
        var servers: [pid_t] = []
        try kade.wait {  // it ends when nobody has asked for some seconds
            #expect(try lookUp("web", from: "api") == ["10.9.0.2"])
            monitors = try kade.processes().filter {
                $0.value.range(of: Data("monitor".utf8)) != nil
            }
            // The name server of `api` is the third.
            let parents = try monitors.keys.map { pid in
                let parent = try Tool.run("ps", "-o", "ppid=", "-p", "\(pid)").output
                return (pid, Int32(parent.filter(\.isNumber)))
            }
            servers = parents.filter { monitors[$0.1 ?? 0] != nil }.map(\.0)
            return servers.count == 1
        }
        for pid in servers { kill(pid, SIGKILL) }
        #expect(try lookUp("web", from: "api") == ["10.9.0.2"])
        let id = try kade.inspect("web", "{{.Id}}")
        for (pid, line) in monitors where line.range(of: Data(id.utf8)) != nil {
            kill(pid, SIGKILL)
        }
        try kade.wait { try lookUp("web", from: "api").isEmpty }
        // The next command that looks at it takes its name away.
        let names = try Tool.check("find", kade.runRoot + "/names", "-name", id)
        #expect(!names.isEmpty)
        try kade.wait { try kade.inspect("web", "{{.State.Status}}") == "exited" }
        #expect(try Tool.check("find", kade.runRoot + "/names", "-name", id).isEmpty)
        try kade.check("start", "web")
        #expect(try lookUp("web", from: "api") == ["10.9.0.2"])
    }

    @Test func `a name server ends when nobody asks`() throws {
        try startSleeper("api", "--network", "front")
        func count() throws -> Int {
            try kade.processes().filter { $0.value.range(of: Data("monitor".utf8)) != nil }.count
        }
        try kade.wait { try count() == 1 }
        #expect(try lookUp("api", from: "api") == ["10.9.0.2"])
        try kade.wait {  // where it has ended before it was seen, it is asked once more
            if try count() == 2 { return true }
            #expect(try lookUp("api", from: "api") == ["10.9.0.2"])
            return try count() == 2
        }
        try kade.wait { try count() == 1 }
        #expect(try lookUp("api", from: "api") == ["10.9.0.2"])
    }

    @Test func `a name server on the host's loopback is asked from the default bridge, too`() throws
    {
        let server = try NameServerStub(at: "127.0.0.53", in: host)
        defer { server.stop() }
        try startSleeper("plain")
        #expect(
            try kade.check("exec", "plain", "cat", "/etc/resolv.conf")
                == "nameserver 127.0.0.11\nsearch lan.example")
        #expect(try lookUp("a.example", from: "plain") == ["198.51.100.7"])
        #expect(try lookUp("plain", from: "plain") == [])
        // RUN is on the same network.
        try FileManager.default.createDirectory(
            atPath: kade.folder.at("context"), withIntermediateDirectories: true)
        let dockerfile = """
            FROM busybox
            RUN nslookup -type=a b.example. > /found
            RUN --network=none ls /sys/class/net > /none
            """
        try dockerfile.write(
            toFile: kade.folder.at("context/Dockerfile"), atomically: true, encoding: .utf8)
        try kade.check("build", "-t", "built", kade.folder.at("context"))
        try kade.check("network", "create", "--subnet", "10.7.0.0/24", "own")
        try kade.check(
            "build", "--network", "own", "--no-cache", "-t", "other", kade.folder.at("context"))
        for image in ["built", "other"] {
            #expect(
                try kade.check("run", "--rm", "--network", "none", image, "cat", "/found")
                    .contains("Address: 198.51.100.7"))
        }
        #expect(
            try kade.check("run", "--rm", "--network", "none", "built", "cat", "/none") == "lo")
        // Their addresses are free again.
        try startSleeper("next")
        #expect(try kade.inspect("next", "{{.NetworkSettings.IPAddress}}") == "172.17.0.3")
    }
}
