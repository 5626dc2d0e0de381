import Foundation
import Testing

/// Published ports of UDP, whose callers never stop to send.
@Suite(.enabled(if: isRoot)) struct DatagramPortTests {
    private let host: NetworkNamespace
    private let kade: Kade

    init() throws {
        host = try NetworkNamespace()
        kade = try Kade.withBusybox(in: host)
    }

    /// Sends from one port, ten times a second, and tells who answers.
    private static let caller = """
        import socket, sys, time
        caller = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        caller.bind((sys.argv[1], 4000))
        caller.settimeout(0.1)
        last = None
        while True:
            caller.sendto(b'call', (sys.argv[2], 5353))
            try:
                answer = caller.recv(100).decode()
                if answer != last: print(answer)
                last = answer
                time.sleep(0.1)
            except OSError as error:
                if not isinstance(error, TimeoutError): time.sleep(0.1)
        """

    private static let server = """
        import socket, sys
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(('', 53))
        while True:
            _, sender = server.recvfrom(100)
            server.sendto(sys.argv[1].encode(), sender)
        """

    /// Starts a container, and a server in its network.
    private func startServer(_ name: String) throws -> Tool.Running {
        try kade.check(
            "run", "-d", "--name", name, "-p", "5353:53/udp", "busybox", "sleep", "9999")
        let pid = try kade.inspect(name, "{{.State.Pid}}")
        return try Tool.start(
            ["nsenter", "--net=/proc/\(pid)/ns/net", "python3", "-c", Self.server, name])
    }

    @Test func `a caller reaches whoever has the port now`() throws {
        let client = try NetworkNamespace()
        try host.connect(to: client, own: "192.0.2.1/24", others: "192.0.2.2/24")
        // The host tracks connections from the first container on.
        try kade.check("run", "-d", "--name", "first", "busybox", "sleep", "9999")
        let caller = try client.start(
            "python3", "-u", "-c", Self.caller, "192.0.2.2", "192.0.2.1")
        defer { caller.signal(SIGKILL) }
        try kade.wait {
            try host.check("cat /proc/net/nf_conntrack 2>/dev/null || echo dport=5353")
                .contains("dport=5353")
        }
        let one = try startServer("one")
        defer { one.signal(SIGKILL) }
        try kade.wait { caller.output == "one\n" }
        // The next one has another address, because the first one's is still leased.
        try kade.check("stop", "-t", "0", "one")
        let two = try startServer("two")
        defer { two.signal(SIGKILL) }
        try kade.wait { caller.output == "one\ntwo\n" }
        // Its server holds the network namespace still, and the next container has its address.
        try kade.check("rm", "-f", "two")
        let three = try startServer("three")
        defer { three.signal(SIGKILL) }
        try kade.wait { caller.output.hasSuffix("three\n") }
        #expect(caller.output == "one\ntwo\nthree\n")
    }
}
