import Foundation
import Testing

/// `kade network reload`, after somebody has changed the rules of the firewall.
@Suite(.enabled(if: isRoot)) struct NetworkReloadTests {
    private let host: NetworkNamespace
    private let kade: Kade

    init() throws {
        host = try .machine()
        kade = try Kade.withBusybox(in: host)
    }

    private func startServer(_ name: String, _ port: Int, _ flags: String...) throws {
        let outcome = try kade.call(
            ["run", "-d", "--name", name, "-p", "\(port):80"] + flags + [
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

    /// The table as nft shows it, in an order that does not depend on who came first.
    private func table() throws -> [String] {
        try host.check("nft -s list table inet kade").split(separator: "\n").map(String.init)
            .sorted()
    }

    @Test(
        .rootOnly("an ordinary user's containers need no rules; the test below"),
        arguments: [
            "nft flush ruleset", "nft flush table inet kade",
            "nft flush map inet kade anyports4; nft flush set inet kade bridges",
            "nft flush chain inet kade publish; nft flush set inet kade masquerade4",
        ])
    func `published ports answer again`(change: String) throws {
        try kade.check("network", "create", "front")
        try startServer("web", 8080)
        try startServer("shop", 8081, "--network", "front")
        let before = try table()
        try host.check(change)
        #expect(try answer(at: 8080, limit: 3) == "")
        let id = try kade.inspect("web", "{{.Id}}")
        #expect(try kade.check("network", "reload", "web") == id)
        #expect(try answer(at: 8080) == "web\n")
        try kade.check("network", "reload", "--all")
        #expect(try answer(at: 8081) == "shop\n")
        #expect(try table() == before)
        // Where all is there nothing changes.
        try kade.check("network", "reload", "--latest")
        #expect(try table() == before)
    }

    @Test(.rootOnly("an ordinary user's containers need no rules; the test below"))
    func `a plan puts nothing back`() throws {
        try startServer("web", 8080)
        try host.check("nft flush ruleset")
        let plan = try kade.check("network", "reload", "--plan", "web")
        #expect(plan.contains("table inet kade"), "\(plan)")
        #expect(try host.check("nft list ruleset") == "")
    }

    @Test func `where there is nothing to put back it does no harm, and says what cannot be`()
        throws
    {
        try startServer("web", 8080)
        try kade.check("network", "reload", "web")
        #expect(try answer(at: 8080) == "web\n")
        try kade.check("run", "-d", "--name", "alone", "--network", "none", "busybox", "sleep", "9")
        try kade.check("network", "reload", "alone")
        try kade.check("create", "--name", "new", "busybox", "true")
        let stopped = try kade("network", "reload", "new")
        #expect(stopped.exitCode == 1 && stopped.errors.contains("is not running"), "\(stopped)")
        #expect(try kade("network", "reload", "nobody").errors.contains("No such container"))
        #expect(try kade("network", "reload").exitCode == 1)
    }
}
