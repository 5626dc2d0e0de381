import Diagnostics
import OCI
import SystemPackage
import Testing

@testable import Networking

/// A container on an ordinary user's bridge: what is written of it, and what is said of it.
@Suite struct UserLinkTests {
    private func setup() throws -> NetworkSetup {
        var link = ContainerLink(
            network: "n", name: "eth0",
            attachment: .bridge("br-1", hostName: "veth1", isIsolated: true), mac: nil, mtu: 1500,
            addresses: [
                InterfaceAddress(try #require(IPAddress("10.9.0.2")), prefixLength: 24)
            ], gateways: [], directRoutes: [], isPublished: true)
        link.isOfUser = true
        var setup = NetworkSetup(
            links: [link],
            ports: [
                PortSpec(
                    transport: .tcp, containerPort: 80, hostAddress: nil, hostPorts: 8080...8080)
            ])
        setup.pasta = .besideBridges("/usr/bin/pasta")
        return setup
    }

    @Test func `it is written and read the same`() throws {
        let setup = try setup()
        #expect(try NetworkSetup(setup.json.json(), named: "test") == setup)
    }

    @Test func `its end is beside the bridges, and pasta is its way out and has its ports`() throws
    {
        let shells = try setup().explanations(after: nil).map(\.shell)
        #expect(
            shells.contains {
                $0.hasPrefix("ip -n bridges link add veth1 up master br-1")
                    && $0.hasSuffix("; bridge -n bridges link set dev veth1 isolated on")
            })
        #expect(shells.contains { $0.contains("-t 0.0.0.0/8080:80 -I pasta0") })
        #expect(!shells.contains { $0.hasPrefix("nft add element") })
    }

    @Test func `on internal networks alone pasta ends`() throws {
        let old = try setup()
        var new = old
        new.pasta = nil
        new.ports = []
        let shells = new.explanations(after: old).map(\.shell)
        #expect(shells.count == 1)
        #expect(shells.first?.hasPrefix("kill") == true)
        #expect(old.explanations(after: new).map(\.shell).first?.hasPrefix("pasta ") == true)
    }
}
