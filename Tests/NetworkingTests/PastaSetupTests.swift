import OCI
import SystemPackage
import Testing

@testable import Networking

@Suite struct PastaSetupTests {
    private let setup = PastaSetup(program: "/usr/bin/pasta", options: ["-I", "tap0"])

    private func words(_ ports: [PublishedPort]) -> String {
        setup.arguments(namespace: "/ns", ready: "/ready", ports: ports).joined(separator: " ")
    }

    @Test func `nothing is led in that nobody publishes`() {
        #expect(words([]).contains("-t none -u none -T none -U none -I tap0 --pid /ready"))
    }

    @Test func `ports are led in by their protocol and address`() throws {
        let ports: [PublishedPort] = [
            PublishedPort(
                transport: .tcp, hostAddress: .v4(.unspecified), hostPort: 8080,
                address: .v4(.unspecified), port: 80),
            PublishedPort(
                transport: .udp, hostAddress: try #require(IPAddress("127.0.0.1")), hostPort: 53,
                address: .v4(.unspecified), port: 5353),
        ]
        #expect(words(ports).contains("-T none -U none -t 0.0.0.0/8080:80 -u 127.0.0.1/53:5353"))
        #expect(!words(ports).contains("-t none"))
    }

    @Test func `it is written and read the same`() throws {
        var network = NetworkSetup(links: [], ports: [])
        network.pasta = setup
        #expect(try NetworkSetup(network.json.json(), named: "test") == network)
    }
}
