import Diagnostics
import Testing

@testable import Networking

@Suite struct PortSpecTests {
    /// A spec as text: `address hostPorts containerPort/transport`.
    private static func text(_ spec: PortSpec) -> String {
        let host = spec.hostPorts.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0)" } ?? "?"
        return "\(spec.hostAddress.map { "\($0)" } ?? "*") \(host) \(spec.container)"
    }

    @Test(arguments: [
        ("80", ["* ? 80/tcp"]),
        ("8080:80", ["* 8080 80/tcp"]),
        ("53:53/UDP", ["* 53 53/udp"]),
        ("127.0.0.1:8080:80", ["127.0.0.1 8080 80/tcp"]),
        ("127.0.0.1::80", ["127.0.0.1 ? 80/tcp"]),
        (":80", ["* ? 80/tcp"]),
        ("[::1]:8080:80/sctp", ["::1 8080 80/sctp"]),
        ("::1:8080:80", ["::1 8080 80/tcp"]),
        ("7000-7001:80-81", ["* 7000 80/tcp", "* 7001 81/tcp"]),
        ("7000-7009:80", ["* 7000...7009 80/tcp"]),
        ("80-81", ["* ? 80/tcp", "* ? 81/tcp"]),
    ])
    func `a port mapping is read`(text: String, specs: [String]) throws {
        #expect(try PortSpec.parse(text).map(Self.text) == specs)
    }

    @Test(arguments: [
        "", "0", "65536", "x", "80:x", "80/icmp", "1-2:3-5", "9-8", "1.2.3:80:80", "[::1]:80",
        "-80", "80-", "+80",
    ])
    func `what is no port mapping is refused`(text: String) {
        #expect(throws: Problem.self) { try PortSpec.parse(text) }
    }

    @Test func `a range of exposed ports is read`() throws {
        #expect(
            try PortSpec.parseExposed("7-9/udp").map { "\($0)" } == ["7/udp", "8/udp", "9/udp"])
        #expect(throws: Problem.self) { try PortSpec.parseExposed("7:9") }
    }
}
