import Diagnostics
import OCI

/// What a container's monitor does for its networks: `network.json` in the bundle.
///
/// The engine writes it, and the monitor reads it when it starts the container.
package struct NetworkSetup: Sendable, Equatable {
    /// The container's devices, the first one first.
    package var links: [ContainerLink]
    /// What is published of it.
    package var ports: [PortSpec]
    /// How names are answered; nil where the container has no network with names.
    package var names: NameConfiguration?
    /// An ordinary user's container: its way out, and its ports.
    package var pasta: PastaSetup?
    /// What is done around the plugins of networks that have some.
    package var cni: CNISetup?
    /// Networks that the container leaves whatever their plugins say (`network disconnect --force`).
    package var abandoned: [String] = []

    package init(links: [ContainerLink], ports: [PortSpec]) {
        self.links = links
        self.ports = ports
    }

    /// The container's device on a network.
    package func link(on network: String) -> ContainerLink? {
        links.first { $0.network == network }
    }

    /// The container's address for published ports, by version: that of its first device.
    package var addresses: [IPVersion: IPAddress] {
        var addresses: [IPVersion: IPAddress] = [:]
        for link in links where link.isPublished {
            for address in link.addresses where addresses[address.address.version] == nil {
                addresses[address.address.version] = address.address
            }
        }
        return addresses
    }
}

/// One network device of a container.
package struct ContainerLink: Sendable, Equatable {
    /// The ID of its network.
    package var network: String
    /// Its name inside: `eth0`.
    package var name: String
    /// How it is connected.
    package var attachment: Attachment
    package var mac: MACAddress?
    package var mtu: UInt32
    package var addresses: [InterfaceAddress]
    /// Where its default routes lead, at most one of each version.
    package var gateways: [IPAddress]
    /// Versions whose default route leads straight to it.
    package var directRoutes: [IPVersion]
    /// Whether ports are published for its addresses.
    package var isPublished: Bool
    /// The network's name, which follows a container's: `web.front`.
    package var networkName = ""
    /// What others on the network find the container by; empty where the network has no names.
    package var names: [String] = []
    /// `--link`: what the container itself calls others, and their names.
    package var aliases: [String: String] = [:]
    /// Whether its bridge is an ordinary user's, in a network namespace of such bridges.
    package var isOfUser = false

    package init(
        network: String, name: String, attachment: Attachment, mac: MACAddress?, mtu: UInt32,
        addresses: [InterfaceAddress], gateways: [IPAddress], directRoutes: [IPVersion],
        isPublished: Bool
    ) {
        self.network = network
        self.name = name
        self.attachment = attachment
        self.mac = mac
        self.mtu = mtu
        self.addresses = addresses
        self.gateways = gateways
        self.directRoutes = directRoutes
        self.isPublished = isPublished
    }

    /// How a device is connected to the host.
    package enum Attachment: Sendable, Equatable {
        /// By a pair of devices, of which the host's has this name, to a bridge.
        case bridge(String, hostName: String, isIsolated: Bool)
        /// It lies on a device of the host.
        case macvlan(parent: String, LinkKind.MacvlanMode)
        case ipvlan(parent: String, LinkKind.IPvlanMode, LinkKind.IPvlanFlag)
        /// Plugins make it, and give it addresses and routes.
        case cni(CNIAttachment)
    }
}
