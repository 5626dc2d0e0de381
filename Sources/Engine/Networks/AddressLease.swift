import Diagnostics
import Linux
import Networking

extension Transaction {
    /// Gives a container a place on a network, with addresses that nobody else has there.
    ///
    /// A container that does not run keeps its addresses until it is removed.
    ///
    /// - Returns: the row, which is in the database.
    /// - Throws: `conflict` when a wanted address is taken, `exhausted` when none is left.
    func lease(
        _ attachment: NetworkAttachment, on network: NetworkRecord, to container: String,
        position: Int
    ) throws(Problem) -> EndpointRecord {
        let endpoint = try endpoint(attachment, on: network, of: container, position: position)
        try insert(endpoint)
        return endpoint
    }

    /// Gives an instruction of a build a place on a network, until it has ended.
    func lease(
        _ attachment: NetworkAttachment, on network: NetworkRecord, toStep step: String
    ) throws(Problem) {
        try insert(step: endpoint(attachment, on: network, of: step, position: 0))
    }

    private func endpoint(
        _ attachment: NetworkAttachment, on network: NetworkRecord, of container: String,
        position: Int
    ) throws(Problem) -> EndpointRecord {
        try attachment.check(against: network)
        var endpoint = EndpointRecord(
            id: Random.hexadecimal(bytes: 32), container: container, network: network,
            position: position, ipv4: nil, ipv6: nil, mac: attachment.mac, attachment: attachment)
        // Plugins choose addresses themselves.
        if network.definition.driver == .cni { return endpoint }
        let wanted: [IPAddress?] = [
            attachment.ipv4.map { IPAddress.v4($0) }, attachment.ipv6.map { IPAddress.v6($0) },
        ]
        for (version, wanted) in zip(IPVersion.allCases, wanted) {
            switch try address(version, wanted, on: network) {
            case .v4(let address): endpoint.ipv4 = address
            case .v6(let address): endpoint.ipv6 = address
            case nil: continue
            }
        }
        if endpoint.mac == nil, network.definition.driver != .ipvlan {
            endpoint.mac =
                endpoint.ipv4.map { MACAddress(for: $0) } ?? MACAddress(random: Random.bytes(5))
        }
        return endpoint
    }

    private func address(
        _ version: IPVersion, _ wanted: IPAddress?, on network: NetworkRecord
    ) throws(Problem) -> IPAddress? {
        guard let pool = network.definition.subnet(version)?.pool else { return nil }
        let taken = try addresses(version, ofNetwork: network.id)
        guard let wanted else {
            if let free = pool.firstFree(besides: taken) { return free }
            throw Problem(
                kind: .exhausted, what: "cannot connect to network \(network.name)",
                why: "no available IP addresses on this network's address pools: \(pool.range)",
                fix: "remove containers that have one (kade container prune), or make a network "
                    + "with a larger subnet")
        }
        guard pool.canGive(wanted) else {
            throw Problem(
                kind: .invalid, what: "cannot give a container the address \(wanted)",
                why: "it is not in the subnet \(pool.subnet) of network \(network.name), or is "
                    + "the gateway or another reserved address",
                fix: "choose another address of \(pool.subnet)")
        }
        guard !taken.contains(wanted) else {
            throw Problem(
                kind: .conflict, what: "cannot give a container the address \(wanted)",
                why: "Address already in use on network \(network.name)",
                fix: "choose another one")
        }
        return wanted
    }
}

extension NetworkAttachment {
    /// Refuses what this network cannot do.
    fileprivate func check(against network: NetworkRecord) throws(Problem) {
        let definition = network.definition
        guard definition.driver != .host, definition.driver != .null else {
            throw Problem(
                kind: .invalid, what: "cannot connect to network \(network.name)",
                why: "container cannot be connected to network \(network.name) beside another one",
                fix: "use --network \(network.name) alone")
        }
        // What its plugins cannot do says the start, which asks them.
        if definition.driver == .cni { return }
        guard driverOptions.isEmpty else {
            throw Problem(
                kind: .unsupported, what: "cannot connect to network \(network.name)",
                why: "driver \(definition.driver.rawValue) has no options of a container's place "
                    + "on a network", fix: "leave driver-opt out")
        }
        for (address, version) in [
            (ipv4.map { "\($0)" }, IPVersion.v4), (ipv6.map { "\($0)" }, .v6),
        ] {
            guard let address, definition.subnet(version) == nil else { continue }
            throw Problem(
                kind: .invalid, what: "cannot give a container the address \(address)",
                why: "network \(network.name) has no subnet of its version",
                fix: "make a network with one: kade network create --subnet …")
        }
        guard aliases.isEmpty || network.hasNames else {
            throw Problem(
                kind: .invalid, what: "cannot give a container the alias \(aliases[0])",
                why:
                    "network-scoped alias is supported only for containers in user defined networks",
                fix: "make a network (kade network create NAME), and name it with --network")
        }
        guard mac == nil || definition.driver != .ipvlan else {
            throw Problem(
                kind: .invalid, what: "cannot give a container a hardware address",
                why: "devices of ipvlan networks have that of their parent",
                fix: "leave it out, or use a macvlan network")
        }
    }
}
