import Foundation
import Testing

/// What others see of a network: packet captures.
@Suite(.enabled(if: isRoot)) struct LeakTests {
    private let host: NetworkNamespace
    private let kade: Kade

    init() throws {
        host = try NetworkNamespace()
        kade = try Kade.withBusybox(in: host)
    }

    /// Captures what passes the devices of a network namespace.
    private func capture(_ entry: [String], _ device: String) throws -> Tool.Running {
        let running = try Tool.start(
            entry + ["tcpdump", "-n", "-e", "-l", "--immediate-mode", "-i", device])
        try kade.wait { running.errors.contains("listening on") }
        return running
    }

    private func startServer(_ name: String, on network: String, _ flags: String...) throws {
        let arguments =
            ["run", "-d", "--name", name, "--network", network] + flags + [
                "busybox", "nc", "-ll", "-p", "80", "-e", "echo", name,
            ]
        let outcome = try kade.call(arguments)
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
    }

    private func call(_ address: String, _ port: Int, from name: String) throws -> String {
        try kade(
            "exec", name, "sh", "-c",
            "timeout -s KILL 3 nc \(address) \(port) < /dev/null"
        ).output
    }

    @Test func `no address leaks from one network into another, nor outside`() throws {
        let world = try NetworkNamespace()
        try host.connect(to: world, own: "192.0.2.1/24", others: "192.0.2.2/24")
        try world.check("ip route add default via 192.0.2.1")
        try kade.check("network", "create", "--subnet", "10.9.0.0/24", "front")
        try kade.check("network", "create", "--subnet", "10.8.0.0/24", "back")
        try kade.check("network", "create", "--internal", "--subnet", "10.7.0.0/24", "closed")
        try startServer("web", on: "front")
        try startServer("store", on: "back", "-p", "8080:80")
        try startServer("vault", on: "closed")
        let pid = try kade.inspect("store", "{{.State.Pid}}")
        let inBack = try capture(["nsenter", "--net=/proc/\(pid)/ns/net"], "eth0")
        let outside = try capture(world.entry, "lan0")
        defer {
            inBack.signal(SIGKILL)
            outside.signal(SIGKILL)
        }
        // Who calls a published port shows its address, and nobody does that here.
        #expect(try call("10.8.0.2", 80, from: "web") == "")
        #expect(try call("10.7.0.2", 80, from: "web") == "")
        #expect(try call("10.9.0.2", 80, from: "vault") == "")
        try kade.check("exec", "web", "ping", "-c", "1", "192.0.2.2")
        #expect(try kade("exec", "vault", "ping", "-c", "1", "-W", "2", "192.0.2.2").exitCode == 1)
        #expect(try kade("exec", "web", "ping", "-c", "1", "-W", "1", "10.8.0.2").exitCode == 1)
        for name in ["10.9.0.2", "vault", "10.7.0.2"] {
            try kade("exec", "store", "nslookup", name)
        }
        // The last packets have arrived when one that was sent later has.
        try kade.check("exec", "store", "ping", "-c", "1", "192.0.2.2")
        try kade.wait {
            inBack.output.contains("192.0.2.2 > 10.8.0.2: ICMP echo reply")
                && outside.output.components(separatedBy: "ICMP echo reply").count > 2
        }
        // Ends of containers take their addresses along.
        try kade.check("rm", "-f", "web", "store", "vault")
        let seen = inBack.output
        #expect(seen.contains("10.8.0.1"), "\(seen)")
        for foreign in ["10.9.0.", "10.7.0."] {
            #expect(!seen.contains(foreign), "\(seen)")
        }
        for secret in ["10.9.0.", "10.8.0.", "10.7.0."] {
            #expect(!outside.output.contains(secret), "\(outside.output)")
        }
    }
}
