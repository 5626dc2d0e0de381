import ContainerRuntime
import Diagnostics
import Linux
import Networking
import OCI
import SystemPackage

/// Containers' places on networks that plugins make.
extension EngineContext {
    /// What is said to the plugins of an endpoint's network; nil where it has none.
    ///
    /// - Parameters:
    ///   - record: the container.
    ///   - endpoint: its place.
    ///   - isGateway: whether its ports are published over it.
    /// - Returns: the words.
    /// - Throws: `.unsupported` for what none of the plugins takes.
    func pluginAttachment(
        of record: ContainerRecord, _ endpoint: EndpointRecord, isGateway: Bool
    ) throws(Problem) -> CNIAttachment? {
        guard endpoint.network.definition.driver == .cni else { return nil }
        var attachment = CNIAttachment(
            network: try cniNetwork(of: endpoint.network), container: record.id,
            interface: "eth\(endpoint.position)", path: configuration.cniPath)
        if attachment.network.isCollectable { attachment.lock = configuration.pluginLock }
        let wanted = endpoint.attachment
        attachment.ask(for: wanted)
        try attachment.add(options: wanted.driverOptions)
        if !wanted.aliases.isEmpty {
            try attachment.require(
                "aliases", for: "the alias \(wanted.aliases[0])",
                [attachment.network.name: .strings(wanted.aliases)])
        }
        if isGateway, let port = record.request.publishedSpecs.first {
            // Which ports of the host they are says the monitor.
            try attachment.require("portMappings", for: "published ports (\(port.container))", [])
            attachment.ports = record.request.publishedSpecs
        }
        attachment.ask(for: record.request.network)
        return attachment
    }

    /// What the monitor does around plugins; nil where no network has some.
    func pluginSetup(
        of record: ContainerRecord, _ endpoints: [EndpointRecord]
    ) throws(Problem) -> CNISetup? {
        guard endpoints.contains(where: { $0.network.definition.driver == .cni }) else {
            return nil
        }
        let request = record.request.network
        let bundle = configuration.bundle(of: record.id)
        let hostname = try hostname(of: record, peers(of: record))
        var parts: CNISetup.ResolverParts = []
        switch record.nameSource(on: endpoints, host: try hostResolver()) {
        case .host, .containers: break
        case .network, .forwarder:
            if request.nameServers.isEmpty { parts.insert(.servers) }
            if request.searchDomains.isEmpty { parts.insert(.search) }
            if request.resolverOptions.isEmpty { parts.insert(.options) }
        }
        let names = (request.domainName.map { ["\(hostname).\($0)"] } ?? []) + [hostname]
        var setup = CNISetup(
            records: bundle.cni, hosts: bundle.hosts, hostNames: names, resolver: bundle.resolver,
            resolverParts: parts)
        setup.keptHosts = try otherHosts(of: record, on: endpoints, isStarting: false)
            .filter { $0.names == names }.map(\.line)
        return setup
    }

    /// An endpoint with what plugins have given the container, as long as that is so.
    func withResult(_ endpoint: EndpointRecord) throws(Problem) -> EndpointRecord {
        guard endpoint.network.definition.driver == .cni else { return endpoint }
        var endpoint = endpoint
        endpoint.result = try CNIRecord(
            in: configuration.bundle(of: endpoint.container).cni, of: endpoint.network.id)?.result
        return endpoint
    }

    /// Disconnects a container whose monitor is gone from networks of plugins, if that one did not.
    ///
    /// - Throws: what plugins refuse; the next call asks them again.
    func leavePluginNetworks(of id: String) throws(Problem) {
        try leavePluginNetworks(of: id, [])
    }

    /// The same for the last time: what plugins refuse to take away nobody knows of any more.
    ///
    /// - Returns: what may be left, in a sentence; nil where nothing is.
    func leavePluginNetworksForGood(of record: ContainerRecord) -> String? {
        do throws(Problem) {
            try leavePluginNetworks(of: record.id, ["--final"])
            return nil
        } catch {
            return "container \(record.name) is removed, and something of it may be left where "
                + "its networks are: an address, a device, rules of the firewall: \(error.why)"
        }
    }

    /// Disconnects a container that does not run from one network for good.
    ///
    /// - Returns: what plugins refuse; nil where they have done it, or there was nothing to do.
    func leavePluginNetworkForGood(_ network: String, of id: String) -> Problem? {
        do throws(Problem) {
            try leavePluginNetworks(of: id, ["--final", "--network", network])
            return nil
        } catch {
            return error
        }
    }

    /// Disconnects what a killed command has left and nobody can name.
    ///
    /// Where plugins refuse they are asked again after an hour, or after a boot, and not by each `ps`.
    ///
    /// - Returns: whether it is off its networks.
    func leavePluginNetworks(ofOrphan id: String) throws(Problem) -> Bool {
        let mark = configuration.bundle(of: id).cniRefusal
        do throws(SystemCallError) {
            let noted = try FileStatus(of: mark).modified.seconds * 1_000_000_000
            let age = Timestamp.now.nanosecondsSinceEpoch - noted
            if (0..<3_600_000_000_000).contains(age),
                noted >= Timestamp.boot.nanosecondsSinceEpoch
            {
                return false
            }
        } catch  where error.errno == .noSuchFileOrDirectory {
            // nobody has refused yet
        } catch {
            throw Problem(what: "cannot look at \(mark)", refusal: error)
        }
        do throws(Problem) {
            try leavePluginNetworks(of: id)
            return true
        } catch {
            // Whoever came by wanted something else, and there is nobody who could act on it. Best
            // effort, as on a full disk: without it the next command asks them again.
            try? File.create(
                mark, content: Array("\(error)\n".utf8), permissions: .ownerReadWrite)
            return false
        }
    }

    private func leavePluginNetworks(of id: String, _ flags: [String]) throws(Problem) {
        let directory = configuration.bundle(of: id).cni
        guard try !CNIRecord.networks(in: directory).isEmpty else { return }
        try runRuntime(
            ["leave"] + flags + [directory.string], on: id,
            what: "cannot disconnect container \(id) from its networks")
    }
}

extension CNIAttachment {
    /// Asks for addresses: by the plugins' capabilities, or as older plugins know it.
    fileprivate mutating func ask(for wanted: NetworkAttachment) {
        addresses =
            [wanted.ipv4.map { IPAddress.v4($0) }, wanted.ipv6.map { IPAddress.v6($0) }]
            .compactMap(\.self)
        if network.has(capability: "ips") {
            if !addresses.isEmpty { capabilities["ips"] = .strings(addresses.map { "\($0)" }) }
        } else if let first = addresses.first {
            arguments.append("IP=\(first)")
        }
        mac = wanted.mac
        guard let mac else { return }
        if network.has(capability: "mac") {
            capabilities["mac"] = .string("\(mac)")
        } else {
            arguments.append("MAC=\(mac)")
        }
    }

    /// Adds `driver-opt`: rates of the capability `bandwidth`, and what `CNI_ARGS` shall say.
    fileprivate mutating func add(options: [String: String]) throws(Problem) {
        let rates = ["ingressRate", "ingressBurst", "egressRate", "egressBurst"]
        var bandwidth = JSONObject()
        for (name, value) in options.sorted(by: { $0.key < $1.key }) {
            if rates.contains(name) {
                guard let number = Int64(value), number >= 0 else {
                    throw refusal("\(value) is no number of bits, which \(name) is")
                }
                bandwidth[name] = .integer(number)
            } else {
                guard !(name + value).contains(where: { $0 == ";" || $0 == "=" }) else {
                    throw refusal("CNI_ARGS cannot hold \(name)=\(value)")
                }
                arguments.append("\(name)=\(value)")
            }
        }
        guard !bandwidth.isEmpty else { return }
        try require("bandwidth", for: "a rate", .object(bandwidth))
    }

    /// Asks for name servers, where a plugin wants to know which ones the user has named.
    fileprivate mutating func ask(for request: NetworkRequest) {
        var json = JSONObject()
        if !request.nameServers.isEmpty { json["servers"] = .strings(request.nameServers) }
        if !request.searchDomains.isEmpty { json["searches"] = .strings(request.searchDomains) }
        if !request.resolverOptions.isEmpty { json["options"] = .strings(request.resolverOptions) }
        if !json.isEmpty { capabilities["dns"] = .object(json) }
    }

    fileprivate mutating func require(
        _ capability: String, for wish: String, _ value: JSONValue
    ) throws(Problem) {
        guard network.has(capability: capability) else {
            throw refusal(
                "no plugin of it takes \(wish): none has the capability \(capability)",
                fix: "add one to the network's file, with "
                    + "\"capabilities\": {\"\(capability)\": true}")
        }
        capabilities[capability] = value
    }

    private func refusal(_ why: String, fix: String? = nil) -> Problem {
        Problem(
            kind: .unsupported, what: "cannot connect to network \(network.name)", why: why,
            fix: fix)
    }
}
