import ContainerRuntime
import Diagnostics
import Networking
import OCI

/// Docker's `NetworkSettings` of `inspect`.
struct NetworkSettings {
    let status: ContainerStatus
    let endpoints: [EndpointRecord]
    /// Whether the host has addresses on networks; an ordinary user's have a way out without.
    let hasGateways: Bool

    private var request: ContainerRequest { status.record.request }
    private var isRunning: Bool { status.state.isAlive }

    var json: JSONValue {
        var json: JSONObject = [
            "Bridge": "", "SandboxID": .string(isRunning ? status.record.id : ""),
            "SandboxKey": .string(status.state.pid.map { "/proc/\($0)/ns/net" } ?? ""),
            "Ports": ports, "HairpinMode": false, "LinkLocalIPv6Address": "",
            "LinkLocalIPv6PrefixLen": 0, "SecondaryIPAddresses": .null,
            "SecondaryIPv6Addresses": .null,
        ]
        // The old members speak of the default bridge alone.
        let old = endpoints.first { $0.network.name == "bridge" }
        let values = old?.networkJSON(isRunning: isRunning, hasGateway: hasGateways)
        for name in [
            "EndpointID", "Gateway", "GlobalIPv6Address", "GlobalIPv6PrefixLen", "IPAddress",
            "IPPrefixLen", "IPv6Gateway", "MacAddress",
        ] {
            json.append(name, values?[name] ?? Self.empty[name] ?? "")
        }
        json.append("Networks", networks)
        return .object(json)
    }

    private var networks: JSONValue {
        if !endpoints.isEmpty {
            return .object(
                JSONObject(
                    endpoints.sorted { $0.network.name < $1.network.name }.map {
                        .init($0.network.name, .object(networkJSON(of: $0)))
                    }))
        }
        if case .container = request.namespaces.network { return [:] }
        // A container that was taken off all of its networks has none left.
        let mode = request.networkMode
        guard mode == "none" || mode == "host" || request.network.pasta != nil else { return [:] }
        return .object(JSONObject([.init(mode, .object(Self.empty))]))
    }

    private func networkJSON(of endpoint: EndpointRecord) -> JSONObject {
        var json = endpoint.networkJSON(isRunning: isRunning, hasGateway: hasGateways)
        let names = endpoint.names(of: status.record)
        if !names.isEmpty { json["DNSNames"] = .strings(names) }
        return json
    }

    private var ports: JSONValue {
        guard isRunning else { return [:] }
        let published = status.lifecycle?.ports ?? []
        let byPort = Dictionary(grouping: published) { TransportPort($0.port, $0.transport) }
        let all = request.network.exposed.union(byPort.keys).sorted()
        return .object(
            JSONObject(
                all.map { port in
                    .init(
                        "\(port)",
                        byPort[port].map { .array($0.map(\.bindingJSON)) } ?? .null)
                }))
    }

    fileprivate static let empty: JSONObject = [
        "IPAMConfig": .null, "Links": .null, "Aliases": .null, "MacAddress": "",
        "DriverOpts": .null, "GwPriority": 0, "NetworkID": "", "EndpointID": "", "Gateway": "",
        "IPAddress": "", "IPPrefixLen": 0, "IPv6Gateway": "", "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0, "DNSNames": .null,
    ]
}

extension PublishedPort {
    fileprivate var bindingJSON: JSONValue {
        ["HostIp": .string("\(hostAddress)"), "HostPort": .string("\(hostPort)")]
    }
}

extension EndpointRecord {
    /// A member of `Networks`; of a container that does not run nothing is said but what was asked.
    fileprivate func networkJSON(isRunning: Bool, hasGateway: Bool) -> JSONObject {
        var json = NetworkSettings.empty
        json["IPAMConfig"] = requestedAddresses
        if !attachment.links.isEmpty { json["Links"] = .strings(attachment.links) }
        if !attachment.aliases.isEmpty { json["Aliases"] = .strings(attachment.aliases) }
        if !attachment.driverOptions.isEmpty { json["DriverOpts"] = .map(attachment.driverOptions) }
        json["GwPriority"] = .integer(attachment.gatewayPriority)
        json["NetworkID"] = .string(network.id)
        guard isRunning else { return json }
        json["EndpointID"] = .string(id)
        json["MacAddress"] = .string(deviceAddress.map { "\($0)" } ?? "")
        if let address = address(.v4) {
            json["Gateway"] = .string(
                hasGateway ? gateway(.v4).map { "\($0)" } ?? "" : "")
            json["IPAddress"] = .string("\(address.address)")
            json["IPPrefixLen"] = .integer(address.prefixLength)
        }
        if let address = address(.v6) {
            json["IPv6Gateway"] = .string(
                hasGateway ? gateway(.v6).map { "\($0)" } ?? "" : "")
            json["GlobalIPv6Address"] = .string("\(address.address)")
            json["GlobalIPv6PrefixLen"] = .integer(address.prefixLength)
        }
        return json
    }

    private var requestedAddresses: JSONValue {
        var json = JSONObject()
        if let ipv4 = attachment.ipv4 { json["IPv4Address"] = .string("\(ipv4)") }
        if let ipv6 = attachment.ipv6 { json["IPv6Address"] = .string("\(ipv6)") }
        return json.isEmpty ? .null : .object(json)
    }
}
