import Foundation
import Testing

/// `kade explain --only network`: the path of packets, as the kernel has it.
@Suite(.enabled(if: isRoot)) struct ExplainNetworkTests {
    let namespace: NetworkNamespace
    let kade: Kade

    init() throws {
        namespace = try NetworkNamespace()
        kade = try Kade.withBusybox(in: namespace)
    }

    private func lines(of container: String) throws -> [ExplainTests.Line] {
        try #require(
            try ExplainTests.explain(container, by: kade, "--only", "network")["network"])
    }

    @Test func `the path leads from the interface over the bridge to the table`() throws {
        try kade.check("network", "create", "--subnet", "10.9.8.0/24", "front")
        try kade.check(
            "run", "-d", "--name", "web", "--network", "front", "-p", "8080:80", "busybox", "sleep",
            "600")
        let all = try lines(of: "web")
        func line(_ name: String) throws -> ExplainTests.Line {
            try #require(all.first { $0.name == name }, "\(name) in \(all.map(\.name))")
        }
        #expect(try line("network front").effective == "10.9.8.2/24")
        #expect(try line("eth0").effective?.hasPrefix("up, 10.9.8.2/24") == true)
        let veth = try #require(all.first { $0.name.hasPrefix("veth") })
        #expect(veth.why == "the other end of eth0, on the machine")
        #expect(try namespace.check("ip -o link").contains(veth.name + "@"))
        #expect(try line("default route").effective == "via 10.9.8.1 dev eth0")
        #expect(all.contains { $0.effective?.hasPrefix("up, 10.9.8.1/24") == true })
        let elements = all.filter { $0.name.hasPrefix("nft ") }
        #expect(elements.count == 4)
        let bridge = try #require(elements.first).name.split(separator: " ")[3]
        #expect(elements.contains { $0.name == "nft own4 { 10.9.8.0/24 . \(bridge) }" })
        #expect(elements.allSatisfy { $0.effective == "there" }, "\(elements)")
        let port = try line("port 80/tcp")
        #expect(port.effective == "0.0.0.0:8080 leads to 10.9.8.2:80")
        #expect(port.origin == "--publish 8080:80/tcp")
        #expect(try line("name servers").effective == "127.0.0.11")
    }

    @Test func `a network that nobody named is the default one`() throws {
        try kade.check("run", "-d", "--name", "default", "busybox", "sleep", "600")
        try kade.check(
            "run", "-d", "--name", "named", "--network", "bridge", "busybox", "sleep", "600")
        try kade.check("network", "create", "more")
        try kade.check("network", "connect", "more", "default")
        func origins(_ container: String) throws -> [String: String] {
            Dictionary(
                try lines(of: container).filter { $0.name.hasPrefix("network ") }
                    .map { ($0.name, $0.origin) }
            ) { $1 }
        }
        #expect(
            try origins("default") == [
                "network bridge": "default (--network bridge)", "network more": "--network more",
            ])
        #expect(try origins("named") == ["network bridge": "--network bridge"])
        let names = try lines(of: "default").map(\.name)
        #expect(Set(names).count == names.count, "\(names)")
    }

    @Test func `what somebody took away is missed`() throws {
        try kade.check("run", "-d", "--name", "web", "-p", "8080:80", "busybox", "sleep", "600")
        let port = try #require(try lines(of: "web").first { $0.name == "port 80/tcp" })
        try namespace.check(port.command.replacingOccurrences(of: "nft add", with: "nft delete"))
        #expect(
            try lines(of: "web").first { $0.name == "port 80/tcp" }?.effective
                == "0.0.0.0:8080 leads nowhere")
        let bridge = try #require(
            try lines(of: "web").first { $0.name.hasPrefix("nft bridges") })
        let element = try #require(bridge.name.split(separator: "{").last).dropLast()
        try namespace.check("nft delete element inet kade bridges '{\(element)}'")
        #expect(
            try lines(of: "web").first { $0.name.hasPrefix("nft bridges") }?.effective?
                .hasPrefix("missing") == true)
        try namespace.check("nft flush chain inet kade forward")
    }

    @Test func `a network that is shared says with whom`() throws {
        try kade.check(
            "run", "-d", "--name", "host", "--network", "host", "busybox", "sleep", "600")
        try kade.check(
            "run", "-d", "--name", "none", "--network", "none", "busybox", "sleep", "600")
        try kade.check(
            "run", "-d", "--name", "guest", "--network", "container:none", "busybox", "sleep", "600"
        )
        #expect(try lines(of: "host").first?.origin == "--network host")
        #expect(try lines(of: "none").map(\.name).prefix(2) == ["network none", "lo"])
        #expect(
            try lines(of: "guest").first?.declared?.hasPrefix("the network of container") == true)
    }
}
