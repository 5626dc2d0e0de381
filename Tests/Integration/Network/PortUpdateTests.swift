import Foundation
import Testing

/// `kade update -p … --rm-p …`.
@Suite(.enabled(if: isRoot)) struct PortUpdateTests {
    private let host: NetworkNamespace
    private let kade: Kade

    init() throws {
        host = try .machine()
        kade = try Kade.withBusybox(in: host)
    }

    private func startServer(_ name: String, _ flags: String...) throws {
        let outcome = try kade.call(
            ["run", "-d", "--name", name] + flags + [
                "busybox", "nc", "-ll", "-p", "80", "-e", "echo", name,
            ])
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
        try kade.wait {
            try kade("exec", name, "sh", "-c", "nc 127.0.0.1 80 < /dev/null").exitCode == 0
        }
    }

    /// What answers at a port of the host; empty where nothing does.
    private func answer(at port: Int, limit: Int = 30) throws -> String {
        try host.run(
            "sh", "-c", "timeout -s KILL \(limit) busybox nc 127.0.0.1 \(port) < /dev/null"
        )
        .output
    }

    @Test func `ports of a running container come and go, and stay so`() throws {
        try startServer("web", "-p", "8080:80")
        let pid = try kade.inspect("web", "{{.State.Pid}}")
        try kade.check("update", "-p", "8081:80", "-p", "8082:80", "web")
        for port in 8080...8082 { #expect(try answer(at: port) == "web\n") }
        try kade.check("update", "--rm-p", "8080:80", "--rm-p", "8082:80", "web")
        #expect(try answer(at: 8080, limit: 5) == "")
        #expect(try answer(at: 8081) == "web\n")
        #expect(try kade.check("port", "web") == "80/tcp -> 0.0.0.0:8081")
        #expect(try kade.inspect("web", "{{.State.Pid}}") == pid)
        try kade.check("restart", "-t", "0", "web")
        #expect(try kade.check("port", "web") == "80/tcp -> 0.0.0.0:8081")
        let missing = try kade("update", "--rm-p", "81", "web")
        #expect(missing.errors.contains("cannot take port 81/tcp back"))
        // One port for another in one go.
        try kade.check("update", "--rm-p", "80", "-p", "9000:80", "web")
        #expect(try kade.check("port", "web") == "80/tcp -> 0.0.0.0:9000")
    }

    @Test func `a port that is taken changes nothing`() throws {
        try startServer("web", "-p", "8080:80")
        try startServer("other", "-p", "8081:80")
        // Limits, which an ordinary user may not have, stay as well.
        let limit = kade.user == nil ? ["-m", "64m"] : []
        let refused = try kade.call(
            ["update", "--rm-p", "8080:80", "-p", "8082:80", "-p", "8081:80"] + limit + ["web"])
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("port is already allocated: container "))
        #expect(try kade.check("port", "web") == "80/tcp -> 0.0.0.0:8080")
        #expect(try kade.inspect("web", "{{.HostConfig.Memory}}") == "0")
        #expect(try answer(at: 8082, limit: 5) == "")
        #expect(try answer(at: 8080) == "web\n")
        // It is held still, too.
        let third = try kade("run", "--rm", "-p", "8080:80", "busybox", "true")
        #expect(third.errors.contains("port is already allocated"), "\(third.errors)")
        try kade.check("restart", "-t", "0", "web")
        #expect(try kade.check("port", "web") == "80/tcp -> 0.0.0.0:8080")
    }

    @Test func `a stopped container has its ports with the next start`() throws {
        try startServer("web")
        try kade.check("stop", "-t", "0", "web")
        try kade.check("update", "-p", "8080:80", "web")
        #expect(try answer(at: 8080, limit: 5) == "")
        try kade.check("start", "web")
        try kade.wait { try answer(at: 8080) == "web\n" }
        try kade.check(
            "run", "-d", "--name", "alone", "--network", "none", "busybox", "sleep", "9999")
        let alone = try kade("update", "-p", "8081:80", "alone")
        #expect(alone.errors.contains("its default route leads over no bridge"))
    }

    @Test func `what somebody left half-way is settled by the next command`() throws {
        try kade.check("network", "create", "--subnet", "10.8.0.0/24", "back")
        try kade.check("network", "create", "--subnet", "10.9.0.0/24", "front")
        try startServer("web", "-p", "8080:80", "--network", "back")
        // As it is when a command is killed between the row and the monitor.
        let id = try kade.inspect("web", "{{.Id}}")
        let bundle = "\(kade.root)/containers/\(id)"
        try kade.tool(
            "python3", "-c",
            """
            import sqlite3, sys
            database = sqlite3.connect(sys.argv[1])
            database.execute('''INSERT INTO endpoints
                SELECT ?, id, 1, 'e1', '10.9.0.9', '', '', '{}' FROM networks
                WHERE name = 'front' ''', (sys.argv[2],))
            database.commit()
            """, "\(kade.root)/kade.db", id)
        try kade.tool("touch", bundle + "/network.changing")
        try kade.check("ps")
        #expect(try kade.check("exec", "web", "ip", "address").contains("10.9.0.9"))
        #expect(!FileManager.default.fileExists(atPath: bundle + "/network.changing"))
    }

    @Test func `system prune removes networks that nobody is on`() throws {
        try kade.check("network", "create", "used")
        try kade.check("network", "create", "unused")
        try kade.check("run", "-d", "--network", "used", "busybox", "sleep", "999")
        #expect(
            try kade("system", "prune", "-f").lines.prefix(2) == ["Deleted Networks:", "unused"])
        #expect(
            try kade.check("network", "ls", "--format", "{{.Name}}")
                == "bridge\nhost\nnone\nused")
        #expect(
            try kade.check("info", "-f", "{{.Plugins.Network}}")
                == "[bridge cni host ipvlan macvlan null]")
    }
}
