package import Diagnostics
package import OCI
package import SystemPackage

/// A container's place on a CNI network: what every call of a plugin about it says.
package struct CNIAttachment: Sendable, Equatable {
    package var network: CNINetwork
    /// The container's ID.
    package var container: String
    /// The device's name inside: `eth0`.
    package var interface: String
    /// What `CNI_ARGS` says, each `KEY=VALUE`.
    package var arguments: [String] = []
    /// What plugins get that take the capability of the name, as `runtimeConfig`.
    package var capabilities = JSONObject()
    /// Where plugins are.
    package var path: [String]
    /// What is published over it.
    package var ports: [PortSpec] = []
    /// Addresses that the container has to get.
    package var addresses: [IPAddress] = []
    /// The hardware address that it has to get.
    package var mac: MACAddress?
    /// Held by ADD and DEL together, and by GC alone; nil where the network has no GC.
    package var lock: FilePath?

    package init(network: CNINetwork, container: String, interface: String, path: [String]) {
        self.network = network
        self.container = container
        self.interface = interface
        self.path = path
    }

    /// What a plugin reads from its standard input (CNI 1.1, § Deriving execution configuration
    /// from plugin configuration).
    ///
    /// - Parameters:
    ///   - plugin: its part of the network's list.
    ///   - previous: the result so far; nil for the first plugin of ADD.
    /// - Returns: its configuration.
    package func configuration(of plugin: JSONObject, previous: JSONValue?) -> JSONValue {
        var object = plugin
        object["cniVersion"] = .string(network.version)
        object["name"] = .string(network.name)
        object["capabilities"] = nil
        let members = capabilities.members.filter {
            plugin["capabilities"]?[$0.name]?.bool == true
        }
        object["runtimeConfig"] = members.isEmpty ? nil : .object(JSONObject(members))
        object["prevResult"] = previous
        return .object(object)
    }

    /// What a plugin finds in its environment.
    ///
    /// - Parameters:
    ///   - verb: what it shall do.
    ///   - namespace: the container's network namespace; nil where that is gone.
    /// - Returns: the variables.
    package func environment(_ verb: CNIVerb, namespace: String?) -> [String] {
        [
            "CNI_COMMAND=\(verb.rawValue)", "CNI_CONTAINERID=\(container)",
            "CNI_NETNS=\(namespace ?? "")", "CNI_IFNAME=\(interface)",
            "CNI_ARGS=\((["IgnoreUnknown=1"] + arguments).joined(separator: ";"))",
            "CNI_PATH=\(path.joined(separator: ":"))", CNIAttachment.searchPath,
        ]
    }

    /// Plugins execute programs such as `iptables`.
    static let searchPath =
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
}

/// What plugins can be asked to do.
package enum CNIVerb: String, Sendable {
    case add = "ADD"
    case delete = "DEL"
    case check = "CHECK"
    /// Whether ADD could be served (CNI 1.1).
    case status = "STATUS"
    /// What belongs to no container any more goes (CNI 1.1).
    case collect = "GC"
}

extension CNIAttachment {
    /// Reads what ``json`` wrote.
    package init(_ json: JSONValue, named name: String) throws(Problem) {
        self.init(
            network: try CNINetwork(json["network"] ?? .null, adding: [], named: name),
            container: json["container"]?.string ?? "",
            interface: json["interface"]?.string ?? "",
            path: (json["path"]?.array ?? []).compactMap(\.string))
        arguments = (json["arguments"]?.array ?? []).compactMap(\.string)
        capabilities = json["capabilities"]?.object ?? JSONObject()
        ports = (json["ports"]?.array ?? []).compactMap { PortSpec($0) }
        addresses = (json["addresses"]?.array ?? []).compactMap {
            $0.string.flatMap { IPAddress($0) }
        }
        mac = json["mac"]?.string.flatMap { MACAddress($0) }
        lock = json["lock"]?.string.map { FilePath($0) }
    }

    /// The same as a link of `network.json`.
    var linkJSON: JSONValue {
        var object = json
        object["kind"] = "cni"
        return .object(object)
    }

    package var json: JSONObject {
        var object: JSONObject = [
            "network": network.json, "container": .string(container),
            "interface": .string(interface), "path": .array(path.map { .string($0) }),
            "arguments": .array(arguments.map { .string($0) }),
            "capabilities": .object(capabilities), "ports": .array(ports.map(\.json)),
            "addresses": .array(addresses.map { .string("\($0)") }),
        ]
        object["mac"] = mac.map { .string("\($0)") }
        object["lock"] = lock.map { .string($0.string) }
        return object
    }
}
