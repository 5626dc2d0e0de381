import ContainerRuntime
import Diagnostics
import Linux
import Networking
import OCI
import SystemPackage

/// A container's networks when it starts.
extension EngineContext {
    /// Prepares the host, and writes for the monitor what it has to set up.
    ///
    /// - Returns: the container's places on its networks.
    func prepareNetworks(
        of record: ContainerRecord, recording steps: inout StepRecorder
    ) throws(Problem) -> [EndpointRecord] {
        let file = configuration.bundle(of: record.id).network
        if record.request.network.pasta != nil {
            let setup = try networkSetup(of: record, [], keeping: nil)
            try write(setup, to: file)
            if let plan {
                for step in setup.explanations(after: nil) { plan.note(step, by: .monitor) }
            }
            return []
        }
        guard let attachments = record.request.network.attachments, !attachments.isEmpty else {
            guard File.exists(file) else { return [] }
            try step(.removeFile(file)) { () throws(Problem) in
                try explaining("cannot remove \(file)") { () throws(SystemCallError) in
                    try Link.remove(file)
                }
            }
            return []
        }
        try removeNetworkMark(of: record)
        try returnToNetworks(record)
        let endpoints = try endpoints(of: record)
        try prepareHost(for: endpoints.map(\.network), recording: &steps)
        let setup = try networkSetup(of: record, endpoints, keeping: nil)
        try write(setup, to: file)
        if let plan {
            for step in setup.explanations(after: nil) { plan.note(step, by: .monitor) }
        }
        return endpoints
    }

    /// Writes what the monitor sets up.
    func write(_ setup: NetworkSetup, to file: FilePath) throws(Problem) {
        try step(.writeFile(file, "the container's monitor sets up what it says")) {
            () throws(Problem) in
            try explaining("cannot write \(file)") { () throws(SystemCallError) in
                try File.renew(
                    file, with: setup.json.json(), permissions: FilePermissions(rawValue: 0o600))
            }
        }
    }

    /// A container's places on its networks, in their order.
    func endpoints(of record: ContainerRecord) throws(Problem) -> [EndpointRecord] {
        guard let attachments = record.request.network.attachments, !attachments.isEmpty else {
            return []
        }
        let endpoints = try database.read { database throws(Problem) in
            let endpoints = try database.endpoints(ofContainer: record.id)
            return endpoints.isEmpty ? try database.endpoints(ofStep: record.id) : endpoints
        }
        return try endpoints.map { endpoint throws(Problem) in try withResult(endpoint) }
    }

    /// What the monitor sets up.
    ///
    /// - Parameters:
    ///   - record: the container.
    ///   - endpoints: its places.
    ///   - old: what it has already: devices keep the names of their other ends, and plugins are
    ///     told what they were told at first, whatever is in their files by now.
    /// - Returns: the setup.
    /// - Throws: what cannot be.
    func networkSetup(
        of record: ContainerRecord, _ endpoints: [EndpointRecord], keeping old: NetworkSetup?
    ) throws(Problem) -> NetworkSetup {
        if let options = record.request.network.pasta {
            var setup = NetworkSetup(links: [], ports: record.request.publishedSpecs)
            setup.pasta = PastaSetup(program: try pastaProgram(), options: options)
            return setup
        }
        let gateway = Self.gateway(among: endpoints)
        let isRootless = try isRootless()
        var links: [ContainerLink] = []
        for endpoint in endpoints {
            let kept = old?.link(on: endpoint.network.id)?.attachment
            let plugins: CNIAttachment?
            if case .cni(let attachment) = kept {
                plugins = attachment
            } else {
                plugins = try pluginAttachment(
                    of: record, endpoint, isGateway: endpoint.id == gateway?.id)
            }
            var link = endpoint.link(
                hasDefaultRoute: endpoint.id == gateway?.id, byPluginsOf: plugins)
            if let kept { link.attachment = kept }
            if isRootless {
                // The way out is pasta's.
                link.isOfUser = true
                link.gateways = []
            }
            link.networkName = endpoint.network.name
            link.names = endpoint.names(of: record)
            link.aliases = endpoint.linkedNames
            links.append(link)
        }
        var setup = NetworkSetup(links: links, ports: [])
        setup.names = record.nameConfiguration(
            on: endpoints, host: try hostResolver(), in: configuration, isRootless: isRootless)
        setup.cni = try pluginSetup(of: record, endpoints)
        guard let gateway, gateway.network.definition.driver == .bridge else { return setup }
        if isRootless { setup.pasta = .besideBridges(try pastaProgram()) }
        let host = gateway.network.definition.options[BridgeOption.hostAddress]
            .flatMap { IPv4Address($0) }
        setup.ports = record.request.publishedSpecs.map { spec in
            var spec = spec
            if spec.hostAddress == nil, let host, host != .unspecified {
                spec.hostAddress = .v4(host)
            }
            return spec
        }
        return setup
    }

    /// The endpoint with the default route: the highest priority, then Docker's order by name.
    static func gateway(among endpoints: [EndpointRecord]) -> EndpointRecord? {
        endpoints.filter { !$0.network.definition.isInternal }
            .min { left, right in
                let priorities = (left.attachment.gatewayPriority, right.attachment.gatewayPriority)
                guard priorities.0 == priorities.1 else { return priorities.0 > priorities.1 }
                return left.position < right.position
            }
    }
}

extension EndpointRecord {
    /// The container's device, as the monitor makes it.
    ///
    /// - Parameters:
    ///   - hasDefaultRoute: whether the container's default route leads over it.
    ///   - plugins: what is said to plugins that make it instead; nil where there are none.
    /// - Returns: the device.
    func link(hasDefaultRoute: Bool, byPluginsOf plugins: CNIAttachment?) -> ContainerLink {
        if let plugins {
            return ContainerLink(
                network: network.id, name: plugins.interface, attachment: .cni(plugins), mac: nil,
                mtu: 0, addresses: [], gateways: [], directRoutes: [], isPublished: false)
        }
        let definition = network.definition
        let addresses = IPVersion.allCases.compactMap { address($0) }
        var gateways: [IPAddress] = []
        var directRoutes: [IPVersion] = []
        let attachment: ContainerLink.Attachment
        if hasDefaultRoute {
            gateways = definition.subnets.compactMap(\.gateway)
        }
        switch definition.driver {
        case .bridge, .cni, .host, .null:
            attachment = .bridge(
                network.bridgeName, hostName: "veth" + Random.hexadecimal(bytes: 5),
                isIsolated: definition.options[BridgeOption.connectsContainers] == "false")
        case .macvlan:
            attachment = .macvlan(
                parent: network.parentName, definition.options.macvlanMode ?? .bridge)
        case .ipvlan:
            let mode = definition.options.ipvlanMode ?? .l2
            attachment = .ipvlan(
                parent: network.parentName, mode, definition.options.ipvlanFlag ?? .bridge)
            if mode != .l2, hasDefaultRoute {
                gateways = []
                directRoutes = addresses.map(\.address.version)
            }
        }
        let prefix = definition.options[BridgeOption.interfacePrefix] ?? "eth"
        return ContainerLink(
            network: network.id, name: "\(prefix)\(position)", attachment: attachment, mac: mac,
            mtu: network.mtu, addresses: addresses, gateways: gateways,
            directRoutes: directRoutes, isPublished: hasDefaultRoute)
    }
}

extension NetworkRecord {
    /// The host's device that a macvlan or ipvlan network lies on.
    var parentName: String { definition.options["parent"] ?? "" }
}

extension [String: String] {
    /// The options of the drivers macvlan and ipvlan; nil where there is none or it is no such word.
    var macvlanMode: LinkKind.MacvlanMode? {
        switch self["macvlan_mode"] {
        case "bridge": .bridge
        case "private": .private
        case "vepa": .vepa
        case "passthru": .passthru
        default: nil
        }
    }

    var ipvlanMode: LinkKind.IPvlanMode? {
        switch self["ipvlan_mode"] {
        case "l2": .l2
        case "l3": .l3
        case "l3s": .l3s
        default: nil
        }
    }

    var ipvlanFlag: LinkKind.IPvlanFlag? {
        switch self["ipvlan_flag"] {
        case "bridge": .bridge
        case "private": .private
        case "vepa": .vepa
        default: nil
        }
    }
}

extension ContainerRequest {
    /// What is published: `-p`, and with `-P` all exposed ports that no `-p` names.
    var publishedSpecs: [PortSpec] {
        guard network.publishesExposed else { return network.published }
        let named = Set(network.published.map(\.container))
        return network.published
            + network.exposed.filter { !named.contains($0) }.sorted().map {
                PortSpec(
                    transport: $0.transport, containerPort: $0.number, hostAddress: nil,
                    hostPorts: nil)
            }
    }
}

extension ContainerBundle {
    /// What the monitor sets up of networks; missing where the container has none.
    var network: FilePath { directory.appending("network.json") }
}
