import Foundation
import Testing

/// Networks of an ordinary user's containers, by pasta(1), on a machine with another one beside it.
@Suite(.enabled(if: isRoot)) struct PastaTests {
    private let machine: NetworkNamespace
    private let other: NetworkNamespace
    private let kade: Kade

    init() throws {
        other = try NetworkNamespace()
        machine = try .routed(by: other)
        kade = try Kade.withBusybox(in: machine, as: TestUser())
    }

    /// What a program says that connects to a port and sends nothing.
    private func answer(
        of address: String, _ port: Int, in place: NetworkNamespace
    ) throws -> String {
        let script = "echo | timeout 30 busybox nc \(address) \(port)"
        return try place.run("sh", "-c", script).output
    }

    @Test func `a published port leads in, and the caller keeps its address`() throws {
        try kade.check(
            "run", "-d", "--name", "web", "-p", "8080:80", "busybox", "sh", "-c",
            "echo 'netstat -tn | grep :80' > /serve; nc -ll -p 80 -e sh /serve")
        try kade.wait { try answer(of: "192.0.2.1", 8080, in: other).contains("192.0.2.2:") }
        try kade.wait { try answer(of: "127.0.0.1", 8080, in: machine).contains("127.0.0.1:") }
        #expect(try kade.check("port", "web") == "80/tcp -> 0.0.0.0:8080")
        #expect(try kade.check("ps", "--format", "{{.Ports}}") == "0.0.0.0:8080->80/tcp")
        #expect(try kade.inspect("web", "{{.HostConfig.NetworkMode}}") == "pasta")
        // Another one hears who has the port.
        let second = try kade.shell("true", "-p", "8080:80")
        #expect(second.exitCode == 125)
        #expect(second.errors.contains("port is already allocated"), "\(second.errors)")
        try kade.check("restart", "web")
        try kade.wait { try answer(of: "192.0.2.1", 8080, in: other).contains("192.0.2.2:") }
        try kade.check("update", "-p", "8082:80", "--rm-p", "8080:80", "web")
        try kade.wait { try answer(of: "192.0.2.1", 8082, in: other).contains("192.0.2.2:") }
        #expect(try answer(of: "192.0.2.1", 8080, in: other) == "")
        #expect(try kade.check("port", "web") == "80/tcp -> 0.0.0.0:8082")
        try kade.check("rm", "-f", "web")
        #expect(try answer(of: "192.0.2.1", 8082, in: other) == "")
        try kade.wait(until: { try kade.leftovers().isEmpty })
    }

    @Test func `a port that stays is taken again beside connections that have ended`() throws {
        try kade.check(
            "run", "-d", "--name", "web", "-p", "8080:80", "busybox", "nc", "-ll", "-p", "80",
            "-e", "echo", "here")
        try kade.wait { try answer(of: "127.0.0.1", 8080, in: machine) == "here\n" }
        // Whoever closes first remembers the connection for a minute (TIME_WAIT): here the server.
        try kade.wait {
            try machine.check("sleep 1 | timeout 30 busybox nc 127.0.0.1 8080; cat /proc/net/tcp")
                .contains(#/:1F90 \S+ 06/#)
        }
        try kade.check("update", "-p", "8081:80", "web")
        for port in [8080, 8081] {
            try kade.wait { try answer(of: "127.0.0.1", port, in: machine) == "here\n" }
        }
        try kade.check("rm", "-f", "web")
    }

    @Test func `a container calls out, and reaches nothing of the machine's loopback`() throws {
        try kade.folder.write("hello\n", to: "pages/index.html")
        let pages = kade.folder.at("pages")
        let away = try other.start("busybox", "httpd", "-f", "-p", "192.0.2.2:9000", "-h", pages)
        let near = try machine.start("busybox", "httpd", "-f", "-p", "127.0.0.1:9001", "-h", pages)
        defer { for server in [away, near] { server.signal(SIGKILL) } }
        for address in ["192.0.2.2:9000", "127.0.0.1:9001"] {
            try kade.wait {
                try machine.run("busybox", "wget", "-qO-", "http://\(address)").output == "hello\n"
            }
        }
        let script = """
            for address in 192.0.2.2:9000 127.0.0.1:9001 192.0.2.2:9001; do
                timeout 30 wget -q -O - http://$address
            done
            """
        let outcome = try kade.shell(script)
        #expect(outcome.output == "hello\n", "\(outcome.errors)")
    }

    @Test func `pasta ends with the monitor`() throws {
        try kade.check("run", "-d", "--name", "gone", "-p", "8081:80", "busybox", "sleep", "600")
        let container = try kade.inspect("gone", "{{.State.Pid}}")
        let parent = try Tool.check("ps", "-o", "ppid=", "-p", container)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(try Tool.check("ps", "-o", "args=", "--ppid", parent).contains("8081:80"))
        kill(try #require(pid_t(parent)), SIGKILL)
        try kade.wait { try machine.run("ss", "-ltnH").output.contains(":8081") == false }
        try kade.check("rm", "-f", "gone")
    }

    @Test func `low ports are those that the machine gives to users`() throws {
        let refused = try kade.shell("true", "-p", "80:80")
        #expect(refused.exitCode == 125)
        #expect(refused.errors.contains("ordinary users have the ports from 1024 on"))
        #expect(refused.errors.contains("sysctl net.ipv4.ip_unprivileged_port_start=80"))
        try machine.check("echo 80 > /proc/sys/net/ipv4/ip_unprivileged_port_start")
        #expect(try kade.shell("true", "-p", "80:80").exitCode == 0)
    }

    @Test func `options are pasta's own, and what it says is said`() throws {
        let named = try kade.shell("ip -o link", "--network", "pasta:-I,tap7")
        #expect(named.output.contains(" tap7:"), "\(named.errors)")
        let wrong = try kade.shell("true", "--network", "pasta:--no-such-option")
        #expect(wrong.exitCode == 125)
        #expect(wrong.errors.contains("cannot give the container a network with pasta"))
        #expect(wrong.errors.contains("no-such-option"))
    }

    @Test func `pasta is for ordinary users, and carries TCP and UDP`() throws {
        let outcome = try kade.shell("true", "-p", "5000:5000/sctp")
        #expect(outcome.errors.contains("pasta carries TCP and UDP alone"))
        let root = try Kade.withBusybox()
        #expect(try root.shell("true", "--network", "pasta").errors.contains("it is for ordinary"))
    }
}
