package import Networking

/// What a network is, as its user asked for it.
package struct NetworkDefinition: Sendable, Equatable {
    package var driver: NetworkDriver
    /// Whether containers get addresses of version 4 and 6.
    package var hasIPv4 = true
    package var hasIPv6 = false
    /// `--internal`: it leads nowhere.
    package var isInternal = false
    /// `--attachable`; here every container may be attached to every network.
    package var isAttachable = false
    package var subnets: [NetworkSubnet] = []
    /// `--opt`.
    package var options: [String: String] = [:]
    /// `--ipam-opt`.
    package var addressOptions: [String: String] = [:]
    package var labels: [String: String] = [:]
    /// `--dns`: who is asked about other names than containers'; empty takes the host's servers.
    package var nameServers: [IPAddress] = []

    package init(driver: NetworkDriver) {
        self.driver = driver
    }

    func subnet(_ version: IPVersion) -> NetworkSubnet? {
        subnets.first { $0.subnet.version == version }
    }
}

/// How a network reaches the world, by Docker's word.
package enum NetworkDriver: String, Sendable, CaseIterable {
    case bridge
    case macvlan
    case ipvlan
    /// Plugins of the Container Network Interface make it, as a file of their administrator says.
    case cni
    /// The host's own network.
    case host
    /// None.
    case null
}

/// A range of addresses of a network.
package struct NetworkSubnet: Sendable, Equatable {
    package var subnet: Subnet
    /// `--ip-range`: the part that is given out unasked.
    package var range: Subnet?
    /// `--gateway`.
    package var gateway: IPAddress?
    /// `--aux-address`: what nobody gets, by a name.
    package var auxiliary: [String: IPAddress] = [:]

    package init(_ subnet: Subnet) {
        self.subnet = subnet
    }

    /// The addresses that containers can have.
    var pool: AddressPool {
        AddressPool(
            subnet: subnet, range: range,
            reserved: Set(auxiliary.values).union(gateway.map { [$0] } ?? []))
    }
}

/// The options of the driver `bridge`, by Docker's names.
enum BridgeOption {
    static let name = "com.docker.network.bridge.name"
    static let mtu = "com.docker.network.driver.mtu"
    static let masquerades = "com.docker.network.bridge.enable_ip_masquerade"
    static let connectsContainers = "com.docker.network.bridge.enable_icc"
    static let hostAddress = "com.docker.network.bridge.host_binding_ipv4"
    static let isDefault = "com.docker.network.bridge.default_bridge"
    static let gatewayMode4 = "com.docker.network.bridge.gateway_mode_ipv4"
    static let gatewayMode6 = "com.docker.network.bridge.gateway_mode_ipv6"
    static let interfacePrefix = "com.docker.network.container_iface_prefix"
}
