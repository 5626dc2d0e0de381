import Diagnostics
import Networking

/// What a script must have otherwise than the container that it copies: names, addresses, ports.
///
/// They are variables at its top, for people to change.
struct ScriptChoices {
    private let name: String
    /// The own addresses, in the place of the container's.
    private(set) var addresses: [Address] = []
    private(set) var ports: [Port] = []

    struct Address {
        let variable: String
        let device: String
        /// The container's.
        let original: InterfaceAddress
        let own: InterfaceAddress
    }

    struct Port {
        let variable: String
        let spec: PortSpec
        let own: UInt16

        /// The port as it is led to the script's container.
        var published: PublishedPort {
            let any = IPAddress.v4(.unspecified)
            return PublishedPort(
                transport: spec.transport, hostAddress: spec.hostAddress ?? any, hostPort: own,
                address: any, port: spec.containerPort)
        }
    }

    /// Chooses what nobody else has.
    init(_ script: ContainerScript) throws(Problem) {
        name = script.record.name
        let endpoints = try script.context.endpoints(of: script.record)
        for (index, link) in (script.setup?.links ?? []).enumerated() {
            guard let network = endpoints.first(where: { $0.network.id == link.network })?.network
            else { continue }
            for original in link.addresses {
                let version = original.address.version
                addresses.append(
                    Address(
                        variable: (version == .v4 ? "ipv4" : "ipv6")
                            + (index == 0 ? "" : "_\(index)"), device: link.name,
                        original: original,
                        own: InterfaceAddress(
                            try Self.free(version, on: network, in: script.context),
                            prefixLength: original.prefixLength)))
            }
        }
        for (index, spec) in (script.setup?.ports ?? []).enumerated() {
            let known = script.status.lifecycle?.ports.first {
                $0.port == spec.containerPort && $0.transport == spec.transport
            }
            let original = spec.hostPorts?.lowerBound ?? known?.hostPort ?? spec.containerPort
            // One that most machines have free, and that reminds of the first.
            let own = original < 45536 ? original + 20000 : original - 20000
            ports.append(Port(variable: "port\(index + 1)", spec: spec, own: own))
        }
    }

    /// The highest free address: Kade gives it to a container last.
    private static func free(
        _ version: IPVersion, on network: NetworkRecord, in context: EngineContext
    ) throws(Problem) -> IPAddress {
        let taken = try context.database.read { database throws(Problem) in
            try database.addresses(version, ofNetwork: network.id)
        }
        if let free = network.definition.subnet(version)?.pool.lastFree(besides: taken) {
            return free
        }
        throw Problem(
            kind: .exhausted, what: "cannot choose an address for the script",
            why: "network \(network.name) has none left",
            fix: "remove containers that have one (kade container prune)")
    }

    /// Writes the variables.
    func write(to script: inout ShellText) {
        script.space()
        script.say(
            "What may be changed: names of all that it makes"
                + (addresses.isEmpty
                    ? "."
                    : ", and its addresses, which are the last free ones of the networks: the first"
                        + " container has its own, and Kade does not know of these.")
                + (ports.isEmpty
                    ? ""
                    : " The ports of the machine that the first container has, it cannot have."))
        script.run("name=\(name)-by-hand-$$")
        for address in addresses {
            script.run(
                "\(address.variable)=\(address.own)    # \(address.device); the first container's is"
                    + " \(address.original)")
        }
        for port in ports {
            script.run(
                "\(port.variable)=\(port.own)    # leads to port \(port.spec.containerPort)/"
                    + "\(port.spec.transport.rawValue) inside")
        }
    }

    /// The own address in the place of one of the container's, as words of a shell without and
    /// with its prefix.
    func variable(of address: InterfaceAddress, on device: String) -> String? {
        addresses.first { $0.original == address && $0.device == device }?.variable
    }

    /// The own address that published ports lead to.
    func variable(_ version: IPVersion, among links: [ContainerLink]) -> String? {
        for link in links where link.isPublished {
            for address in link.addresses where address.address.version == version {
                return variable(of: address, on: link.name)
            }
        }
        return nil
    }
}
