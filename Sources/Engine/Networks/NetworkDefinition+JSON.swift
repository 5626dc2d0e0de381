import Diagnostics
import Networking
import OCI

extension NetworkDefinition {
    /// The definition in the words of `docker network inspect`, which is what the database keeps.
    var json: JSONObject {
        var json: JSONObject = [
            "Driver": .string(driver.rawValue), "EnableIPv4": .bool(hasIPv4),
            "EnableIPv6": .bool(hasIPv6),
            "IPAM": [
                "Driver": "default",
                "Options": addressOptions.isEmpty ? .null : .map(addressOptions),
                "Config": .array(subnets.map(\.json)),
            ],
            "Internal": .bool(isInternal), "Attachable": .bool(isAttachable),
            "Options": .map(options), "Labels": .map(labels),
        ]
        if !nameServers.isEmpty { json.append(Self.serversName, serversJSON) }
        return json
    }

    /// The name servers, as Podman's templates call them.
    static let serversName = "NetworkDNSServers"

    var serversJSON: JSONValue { .strings(nameServers.map { "\($0)" }) }

    /// Reads what ``json`` wrote.
    init(_ json: JSONValue, named name: String) throws(Problem) {
        guard let driver = json["Driver"]?.string.flatMap(NetworkDriver.init(rawValue:)) else {
            throw Problem(
                kind: .corrupt, what: "cannot read network \(name)",
                why: "its driver is \(json["Driver"]?.jsonString() ?? "missing")")
        }
        self.init(driver: driver)
        hasIPv4 = json["EnableIPv4"]?.bool ?? true
        hasIPv6 = json["EnableIPv6"]?.bool ?? false
        isInternal = json["Internal"]?.bool ?? false
        isAttachable = json["Attachable"]?.bool ?? false
        options = json["Options"]?.stringMap ?? [:]
        addressOptions = json["IPAM"]?["Options"]?.stringMap ?? [:]
        labels = json["Labels"]?.stringMap ?? [:]
        nameServers = (json[Self.serversName]?.stringList ?? []).compactMap { IPAddress($0) }
        subnets = (json["IPAM"]?["Config"]?.array ?? []).compactMap(NetworkSubnet.init)
    }
}

extension NetworkSubnet {
    fileprivate init?(_ json: JSONValue) {
        guard let subnet = json["Subnet"]?.string.flatMap({ Subnet($0) }) else { return nil }
        self.init(subnet)
        range = json["IPRange"]?.string.flatMap { Subnet($0) }
        gateway = json["Gateway"]?.string.flatMap { IPAddress($0) }
        for (name, text) in json["AuxiliaryAddresses"]?.stringMap ?? [:] {
            auxiliary[name] = IPAddress(text)
        }
    }

    fileprivate var json: JSONValue {
        var object: JSONObject = ["Subnet": .string("\(subnet)")]
        if let range { object.append("IPRange", .string("\(range)")) }
        if let gateway { object.append("Gateway", .string("\(gateway)")) }
        if !auxiliary.isEmpty {
            object.append("AuxiliaryAddresses", .map(auxiliary.mapValues { "\($0)" }))
        }
        return .object(object)
    }
}
