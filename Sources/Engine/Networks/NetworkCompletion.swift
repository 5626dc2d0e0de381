import Diagnostics
import Linux
import Networking

/// What a network's user left open, and what cannot be as it was asked.
extension NetworkDefinition {
    /// Chooses subnets and gateways where none are named.
    func completed(
        named name: String, besides others: [NetworkRecord], on host: HostNetworks.Facts
    ) throws(Problem) -> NetworkDefinition {
        var completed = self
        let taken = others.flatMap(\.definition.subnets).map(\.subnet)
        for subnet in subnets { try subnet.check(of: name, besides: others, driver) }
        if hasIPv4, subnet(.v4) == nil {
            completed.subnets.append(
                NetworkSubnet(try AddressPools.free(besides: taken + host.subnets)))
        }
        if hasIPv6, subnet(.v6) == nil {
            completed.subnets.append(
                NetworkSubnet(AddressPools.uniqueLocal(random: Random.bytes(7))))
        }
        if subnet(.v6) != nil { completed.hasIPv6 = true }
        if subnet(.v4) == nil { completed.hasIPv4 = false }
        for index in completed.subnets.indices where completed.subnets[index].gateway == nil {
            let pool = completed.subnets[index].pool
            completed.subnets[index].gateway = AddressPool(
                subnet: pool.subnet, range: nil, reserved: pool.reserved
            ).firstFree(besides: [])
        }
        if let bridge = options[BridgeOption.name] {
            guard !host.deviceNames.contains(bridge), bridge.utf8.count <= 15, !bridge.isEmpty
            else {
                throw Problem(
                    kind: .conflict, what: "cannot make network \(name)",
                    why: "there is a network device \(bridge) already, or it is no name for one",
                    fix: "choose another name for the bridge, of at most 15 characters")
            }
        }
        if driver == .macvlan || driver == .ipvlan {
            try checkParent(of: name, on: host)
        }
        return completed
    }

    private func checkParent(of name: String, on host: HostNetworks.Facts) throws(Problem) {
        guard let parent = options["parent"], !parent.isEmpty else {
            throw Problem(
                kind: .invalid, what: "cannot make network \(name)",
                why: "\(driver.rawValue) networks lie on a device of the host, and none is named",
                fix: "name one: -o parent=eth0")
        }
        guard host.deviceNames.contains(parent) else {
            throw Problem(
                kind: .notFound, what: "cannot make network \(name)",
                why: "there is no network device \(parent)",
                fix: "ip link shows those that there are; one of a VLAN is made by "
                    + "ip link add link eth0 name eth0.50 type vlan id 50")
        }
    }

    /// Refuses options that the driver does not know, or whose values are none.
    func checkOptions(of name: String) throws(Problem) {
        guard driver != .cni else {
            throw Problem(
                kind: .unsupported, what: "cannot make network \(name)",
                why: "networks of driver cni are files: /etc/cni/net.d/NAME.conflist",
                fix: "write such a file, and kade network ls shows it")
        }
        for (option, value) in options.sorted(by: { $0.key < $1.key }) {
            guard let isValid = Self.isValid(option, value, for: driver, options) else {
                throw Problem(
                    kind: .unsupported, what: "cannot make network \(name)",
                    why: "driver \(driver.rawValue) has no option \(option)",
                    fix: "leave it out")
            }
            guard isValid else {
                throw Problem(
                    kind: .invalid, what: "cannot make network \(name)",
                    why: "\(value) is no value of option \(option)")
            }
        }
        if let option = addressOptions.keys.sorted().first {
            throw Problem(
                kind: .unsupported, what: "cannot make network \(name)",
                why: "the default IPAM driver has no option \(option)", fix: "leave it out")
        }
        guard driver == .bridge || driver == .macvlan || driver == .ipvlan else {
            throw Problem(
                kind: .denied, what: "cannot make network \(name)",
                why: "only one instance of \"\(driver.rawValue)\" network is allowed",
                fix: "use it: --network \(driver == .host ? "host" : "none")")
        }
        guard hasIPv4 || hasIPv6 || !subnets.isEmpty else {
            throw Problem(
                kind: .invalid, what: "cannot make network \(name)",
                why: "IPv4 or IPv6 must be enabled", fix: "leave out --ipv4=false, or add --ipv6")
        }
    }

    /// nil for an option that the driver does not know.
    private static func isValid(
        _ option: String, _ value: String, for driver: NetworkDriver, _ all: [String: String]
    ) -> Bool? {
        switch (driver, option) {
        case (_, BridgeOption.mtu): return UInt32(value).map { (68...65535).contains($0) } ?? false
        case (_, BridgeOption.interfacePrefix):
            return !value.isEmpty && value.utf8.count <= 10 && !value.contains("/")
        case (.bridge, BridgeOption.name): return true
        case (.bridge, BridgeOption.masquerades), (.bridge, BridgeOption.connectsContainers):
            return value == "true" || value == "false"
        case (.bridge, BridgeOption.hostAddress): return IPv4Address(value) != nil
        case (.bridge, BridgeOption.gatewayMode4), (.bridge, BridgeOption.gatewayMode6):
            return ["nat", "nat-unprotected", "routed"].contains(value)
        case (.macvlan, "parent"), (.ipvlan, "parent"): return true
        case (.macvlan, "macvlan_mode"): return all.macvlanMode != nil
        case (.ipvlan, "ipvlan_mode"): return all.ipvlanMode != nil
        case (.ipvlan, "ipvlan_flag"): return all.ipvlanFlag != nil
        default: return nil
        }
    }
}

extension NetworkSubnet {
    /// Refuses what does not fit together, and what another network has.
    fileprivate func check(
        of name: String, besides others: [NetworkRecord], _ driver: NetworkDriver
    ) throws(Problem) {
        func invalid(_ why: String) -> Problem {
            Problem(kind: .invalid, what: "cannot make network \(name)", why: why)
        }
        if let range, !subnet.contains(range.base) || !subnet.contains(range.last) {
            throw invalid("the range \(range) is not in the subnet \(subnet)")
        }
        for address in [gateway].compactMap(\.self) + Array(auxiliary.values)
        where !subnet.contains(address) {
            throw invalid("no matching subnet for gateway or auxiliary address \(address)")
        }
        // Devices of the host's own networks may share a subnet; bridges would not know the way.
        for other in others where driver == .bridge && other.definition.driver == .bridge {
            guard other.definition.subnets.contains(where: { $0.subnet.overlaps(subnet) }) else {
                continue
            }
            throw Problem(
                kind: .conflict, what: "cannot make network \(name)",
                why: "Pool overlaps with other one on this address space: \(subnet) is of network "
                    + other.name, fix: "choose another subnet, or leave it out")
        }
    }
}
