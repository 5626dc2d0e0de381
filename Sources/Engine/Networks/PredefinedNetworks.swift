import Diagnostics
import Linux
import Networking

extension EngineContext {
    /// Makes Docker's three networks where they are missing, `bridge`, `host` and `none`, and rows
    /// of those that CNI's files describe.
    ///
    /// The subnet of `bridge` is chosen when it is first needed, so that what the host has by then
    /// is left alone.
    func makePredefinedNetworks() throws(Problem) {
        let known = try database.read { database throws(Problem) in try database.networks() }
        try noteCNINetworks(besides: known)
        guard !NetworkRecord.predefinedNames.isSubset(of: known.map(\.name)) else { return }
        let host = try HostNetworks.facts()
        try database.write { database throws(Problem) in
            let known = try database.networks()
            for (name, driver) in [
                ("bridge", NetworkDriver.bridge), ("host", .host), ("none", .null),
            ]
            where !known.contains(where: { $0.name == name }) {
                var definition = NetworkDefinition(driver: driver)
                if driver == .bridge {
                    definition = try Self.defaultBridge(besides: known, on: host)
                }
                try database.insert(
                    NetworkRecord(
                        id: Random.hexadecimal(bytes: 32), name: name, created: .now,
                        definition: definition))
            }
        }
    }

    private static func defaultBridge(
        besides known: [NetworkRecord], on host: HostNetworks.Facts
    ) throws(Problem) -> NetworkDefinition {
        var definition = NetworkDefinition(driver: .bridge)
        let taken = known.flatMap(\.definition.subnets).map(\.subnet) + host.subnets
        var subnet = NetworkSubnet(try AddressPools.free(besides: taken))
        subnet.gateway = subnet.subnet.address(at: 1)
        definition.subnets = [subnet]
        var number = 0
        while host.deviceNames.contains("kade\(number)") { number += 1 }
        definition.options = [
            BridgeOption.isDefault: "true", BridgeOption.connectsContainers: "true",
            BridgeOption.masquerades: "true", BridgeOption.hostAddress: "0.0.0.0",
            BridgeOption.name: "kade\(number)", BridgeOption.mtu: "1500",
        ]
        return definition
    }
}
