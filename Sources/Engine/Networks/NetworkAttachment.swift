package import Networking
import OCI

/// What a container asks of one of its networks: a `--network`.
package struct NetworkAttachment: Sendable, Equatable {
    /// The network's name or ID.
    package var network: String
    /// `--ip` and `--ip6`.
    package var ipv4: IPv4Address?
    package var ipv6: IPv6Address?
    /// `--mac-address`.
    package var mac: MACAddress?
    /// `--network-alias`.
    package var aliases: [String] = []
    /// `--link`: `container` or `container:alias`.
    package var links: [String] = []
    package var driverOptions: [String: String] = [:]
    /// `gw-priority`: the highest one has the default route.
    package var gatewayPriority = 0

    package init(network: String) {
        self.network = network
    }
}

extension NetworkAttachment {
    /// What an endpoint's row keeps, beside the network.
    var json: JSONObject {
        var object = JSONObject()
        if let ipv4 { object["ipv4"] = .string("\(ipv4)") }
        if let ipv6 { object["ipv6"] = .string("\(ipv6)") }
        if let mac { object["mac"] = .string("\(mac)") }
        if !aliases.isEmpty { object["aliases"] = .strings(aliases) }
        if !links.isEmpty { object["links"] = .strings(links) }
        if !driverOptions.isEmpty { object["driverOptions"] = .map(driverOptions) }
        if gatewayPriority != 0 { object["gatewayPriority"] = .integer(gatewayPriority) }
        return object
    }

    /// What a container's row keeps of a network that is gone: the same, with the name.
    var lostJSON: JSONValue {
        var object = json
        object["network"] = .string(network)
        return .object(object)
    }

    /// Reads what ``lostJSON`` wrote.
    init(lost json: JSONValue) {
        self.init(network: json["network"]?.string ?? "", json: json)
    }

    /// Reads what ``json`` wrote.
    init(network: String, json: JSONValue) {
        self.init(network: network)
        ipv4 = json["ipv4"]?.string.flatMap { IPv4Address($0) }
        ipv6 = json["ipv6"]?.string.flatMap { IPv6Address($0) }
        mac = json["mac"]?.string.flatMap { MACAddress($0) }
        aliases = json["aliases"]?.stringList ?? []
        links = json["links"]?.stringList ?? []
        driverOptions = json["driverOptions"]?.stringMap ?? [:]
        gatewayPriority = json["gatewayPriority"]?.int ?? 0
    }
}
