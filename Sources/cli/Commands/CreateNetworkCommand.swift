import Diagnostics
import Engine
import Networking

/// `kade network create`.
struct CreateNetworkCommand: Command {
    var name = ""
    var driver = "bridge"
    var isInternal = false
    var isAttachable = false
    var hasIPv4 = true
    var hasIPv6 = false
    var subnets: [String] = []
    var ranges: [String] = []
    var gateways: [String] = []
    var auxiliary: [String: String] = [:]
    var options: [String: String] = [:]
    var addressOptions: [String: String] = [:]
    var labels: [Label] = []
    var nameServers: [[IPAddress]] = []

    static let canPlan = true

    static var grammar: Grammar<CreateNetworkCommand> {
        Grammar(
            name: "create", synopsis: "[OPTIONS] NETWORK", summary: "Create a network",
            flags: ownFlags + addressFlags + swarmFlags, operands: .exactly(1),
            assign: { $0.name = $1[0] })
    }

    private static var ownFlags: [Flag<CreateNetworkCommand>] {
        [
            .setting(
                "driver", "d", "string",
                "Driver to manage the Network: bridge, macvlan or ipvlan (default \"bridge\")",
                \.driver
            ) { $0 },
            .switch("internal", nil, "Restrict external access to the network", \.isInternal),
            .switch("attachable", nil, "Enable manual container attachment", \.isAttachable),
            .list("label", nil, "list", "Set metadata on a network", \.labels, LabelFlag.parse),
            .pairs(
                "opt", "o", "map", "Set driver specific options", \.options, KeyValueFlag.parse),
            .list(
                "dns", nil, "strings",
                "Name servers that are asked about other names than containers'", \.nameServers,
                AddressListFlag.parse),
            .allowing("scope", "local", "networks of Kade are of one machine"),
        ]
    }

    private static var addressFlags: [Flag<CreateNetworkCommand>] {
        [
            .switch(
                "ipv4", nil, "Enable or disable IPv4 address assignment (default true)", \.hasIPv4),
            .switch("ipv6", nil, "Enable or disable IPv6 address assignment", \.hasIPv6),
            .list(
                "subnet", nil, "strings",
                "Subnet in CIDR format that represents a network segment", \.subnets),
            .list("ip-range", nil, "strings", "Allocate container ip from a sub-range", \.ranges),
            .list(
                "gateway", nil, "strings", "IPv4 or IPv6 Gateway for the master subnet", \.gateways),
            .pairs(
                "aux-address", nil, "map",
                "Auxiliary IPv4 or IPv6 addresses used by Network driver",
                \.auxiliary, KeyValueFlag.parse),
            .pairs(
                "ipam-opt", nil, "map", "Set IPAM driver specific options", \.addressOptions,
                KeyValueFlag.parse),
            .allowing("ipam-driver", "default", "Kade gives addresses itself"),
        ]
    }

    private static var swarmFlags: [Flag<CreateNetworkCommand>] {
        let why = "it is for a swarm of machines, which Kade has not"
        return [
            .unsupported("ingress", nil, nil, why: why),
            .unsupported("config-only", nil, nil, why: why),
            .unsupported("config-from", nil, "string", why: why),
        ]
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let id = try session.engine().networks.create(name, try definition())
        try session.output.writeLine(id)
        return .success
    }

    /// The flags as one value.
    func definition() throws(Problem) -> NetworkDefinition {
        guard let driver = NetworkDriver(rawValue: driver) else {
            throw Problem(
                kind: .notFound, what: "cannot make network \(name)",
                why: "could not find plugin \(driver): there is no such network driver",
                fix: "use bridge, macvlan or ipvlan")
        }
        var definition = NetworkDefinition(driver: driver)
        definition.isInternal = isInternal
        definition.isAttachable = isAttachable
        definition.hasIPv4 = hasIPv4
        definition.hasIPv6 = hasIPv6
        definition.options = options
        definition.addressOptions = addressOptions
        for server in nameServers.joined() where !definition.nameServers.contains(server) {
            definition.nameServers.append(server)
        }
        for label in labels { definition.labels[label.key] = label.value }
        for text in subnets {
            guard let subnet = Subnet(text) else { throw invalid("invalid subnet \(text)") }
            guard definition.subnets.allSatisfy({ $0.subnet.version != subnet.version }) else {
                throw Problem(
                    kind: .unsupported, what: "cannot make network \(name)",
                    why: "a network has one subnet of each version here, and \(text) is one more",
                    fix: "use one larger subnet")
            }
            definition.subnets.append(NetworkSubnet(subnet))
        }
        try addAddresses(to: &definition)
        return definition
    }

    private func addAddresses(to definition: inout NetworkDefinition) throws(Problem) {
        for text in ranges {
            guard let range = Subnet(text) else { throw invalid("invalid ip-range \(text)") }
            let index = try index(of: range.base, in: definition, text)
            definition.subnets[index].range = range
        }
        for text in gateways {
            guard let gateway = IPAddress(text) else { throw invalid("invalid gateway \(text)") }
            let index = try index(of: gateway, in: definition, text)
            definition.subnets[index].gateway = gateway
        }
        for (name, text) in auxiliary.sorted(by: { $0.key < $1.key }) {
            guard let address = IPAddress(text) else { throw invalid("invalid address \(text)") }
            let index = try index(of: address, in: definition, text)
            definition.subnets[index].auxiliary[name] = address
        }
    }

    private func index(
        of address: IPAddress, in definition: NetworkDefinition, _ text: String
    ) throws(Problem) -> Int {
        if let index = definition.subnets.firstIndex(where: { $0.subnet.contains(address) }) {
            return index
        }
        throw Problem(
            kind: .invalid, what: "cannot make network \(name)",
            why: "no matching subnet for \(text)", fix: "name its subnet, too: --subnet …")
    }

    private func invalid(_ why: String) -> Problem {
        Problem(kind: .invalid, what: "cannot make network \(name)", why: why)
    }
}
