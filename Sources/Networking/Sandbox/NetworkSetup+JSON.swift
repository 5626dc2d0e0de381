package import Diagnostics
package import OCI

extension NetworkSetup {
    /// Reads what ``json`` wrote; `name` is the file's.
    package init(_ bytes: [UInt8], named name: String) throws(Problem) {
        let json = try JSONValue.parse(bytes, named: name)
        let links = (json["links"]?.array ?? []).map(ContainerLink.init)
        let ports = (json["ports"]?.array ?? []).map(PortSpec.init)
        let all = links.compactMap(\.self)
        let specs = ports.compactMap(\.self)
        guard all.count == links.count, specs.count == ports.count else {
            throw Problem(
                kind: .corrupt, what: "cannot read \(name)",
                why: "a link or a port of it lacks something", fix: "start the container again")
        }
        self.init(links: all, ports: specs)
        names = json["names"].flatMap(NameConfiguration.init)
        pasta = json["pasta"].flatMap { PastaSetup($0) }
        cni = json["cni"].flatMap { CNISetup($0) }
        abandoned = (json["abandoned"]?.array ?? []).compactMap(\.string)
    }

    package var json: JSONValue {
        var object: JSONObject = [
            "links": .array(links.map(\.json)), "ports": .array(ports.map(\.json)),
        ]
        object["names"] = names?.json
        object["pasta"] = pasta.map(\.json)
        object["cni"] = cni.map(\.json)
        if !abandoned.isEmpty {
            object["abandoned"] = .array(abandoned.map { .string($0) })
        }
        return .object(object)
    }
}

extension ContainerLink {
    fileprivate init?(_ json: JSONValue) {
        guard let network = json["network"]?.string, let name = json["name"]?.string,
            let mtu = json["mtu"]?.int, let attachment = json["attachment"].flatMap(Attachment.init)
        else { return nil }
        self.init(
            network: network, name: name, attachment: attachment,
            mac: json["mac"]?.string.flatMap { MACAddress($0) }, mtu: UInt32(clamping: mtu),
            addresses: (json["addresses"]?.array ?? []).compactMap {
                $0.string.flatMap { InterfaceAddress($0) }
            },
            gateways: (json["gateways"]?.array ?? []).compactMap {
                $0.string.flatMap { IPAddress($0) }
            },
            directRoutes: (json["directRoutes"]?.array ?? []).compactMap {
                $0.int == 4 ? .v4 : $0.int == 6 ? .v6 : nil
            },
            isPublished: json["published"]?.bool ?? false)
        isOfUser = json["ofUser"]?.bool ?? false
        networkName = json["networkName"]?.string ?? ""
        names = (json["names"]?.array ?? []).compactMap(\.string)
        for member in json["aliases"]?.object?.members ?? [] {
            aliases[member.name] = member.value.string
        }
    }

    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "network": .string(network), "name": .string(name), "attachment": attachment.json,
            "mtu": .number(JSONNumber(mtu)),
            "addresses": .array(addresses.map { .string("\($0)") }),
            "gateways": .array(gateways.map { .string("\($0)") }),
            "directRoutes": .array(directRoutes.map { $0 == .v4 ? 4 : 6 }),
            "published": .bool(isPublished),
        ]
        object["mac"] = mac.map { .string("\($0)") }
        if isOfUser { object["ofUser"] = true }
        guard !names.isEmpty else { return .object(object) }
        object["networkName"] = .string(networkName)
        object["names"] = .array(names.map { .string($0) })
        if !aliases.isEmpty {
            object["aliases"] = .object(
                JSONObject(
                    aliases.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }))
        }
        return .object(object)
    }
}

extension ContainerLink.Attachment {
    fileprivate init?(_ json: JSONValue) {
        let mode = json["mode"]?.int ?? -1
        switch json["kind"]?.string {
        case "bridge":
            guard let bridge = json["bridge"]?.string, let name = json["hostName"]?.string else {
                return nil
            }
            self = .bridge(bridge, hostName: name, isIsolated: json["isolated"]?.bool ?? false)
        case "macvlan":
            guard let parent = json["parent"]?.string,
                let mode = LinkKind.MacvlanMode(rawValue: UInt32(clamping: mode))
            else { return nil }
            self = .macvlan(parent: parent, mode)
        case "ipvlan":
            guard let parent = json["parent"]?.string,
                let mode = LinkKind.IPvlanMode(rawValue: UInt16(clamping: mode)),
                let flag = LinkKind.IPvlanFlag(rawValue: UInt16(clamping: json["flag"]?.int ?? 0))
            else { return nil }
            self = .ipvlan(parent: parent, mode, flag)
        case "cni":
            // What cannot be read makes the whole text corrupt.
            guard let attachment = try? CNIAttachment(json, named: "network.json") else {
                return nil
            }
            self = .cni(attachment)
        default: return nil
        }
    }

    fileprivate var json: JSONValue {
        switch self {
        case .bridge(let bridge, let hostName, let isIsolated):
            [
                "kind": "bridge", "bridge": .string(bridge), "hostName": .string(hostName),
                "isolated": .bool(isIsolated),
            ]
        case .macvlan(let parent, let mode):
            [
                "kind": "macvlan", "parent": .string(parent),
                "mode": .number(JSONNumber(mode.rawValue)),
            ]
        case .ipvlan(let parent, let mode, let flag):
            [
                "kind": "ipvlan", "parent": .string(parent),
                "mode": .number(JSONNumber(mode.rawValue)),
                "flag": .number(JSONNumber(flag.rawValue)),
            ]
        case .cni(let attachment): attachment.linkJSON
        }
    }
}

extension PortSpec {
    /// Reads what ``json`` wrote.
    package init?(_ json: JSONValue) {
        guard let transport = json["transport"]?.string.flatMap(Transport.init(rawValue:)),
            let port = json["port"]?.number?.integer(as: UInt16.self)
        else { return nil }
        var range: ClosedRange<UInt16>?
        if let first = json["first"]?.number?.integer(as: UInt16.self),
            let last = json["last"]?.number?.integer(as: UInt16.self), first <= last
        {
            range = first...last
        }
        self.init(
            transport: transport, containerPort: port,
            hostAddress: json["address"]?.string.flatMap { IPAddress($0) }, hostPorts: range)
    }

    package var json: JSONValue {
        var object: JSONObject = [
            "transport": .string(transport.rawValue), "port": .number(JSONNumber(containerPort)),
        ]
        object["address"] = hostAddress.map { .string("\($0)") }
        object["first"] = hostPorts.map { .number(JSONNumber($0.lowerBound)) }
        object["last"] = hostPorts.map { .number(JSONNumber($0.upperBound)) }
        return .object(object)
    }
}

extension PublishedPort {
    /// Reads what ``json`` wrote.
    package init?(_ json: JSONValue) {
        guard let transport = json["transport"]?.string.flatMap(Transport.init(rawValue:)),
            let hostAddress = json["hostAddress"]?.string.flatMap({ IPAddress($0) }),
            let address = json["address"]?.string.flatMap({ IPAddress($0) }),
            let hostPort = json["hostPort"]?.number?.integer(as: UInt16.self),
            let port = json["port"]?.number?.integer(as: UInt16.self)
        else { return nil }
        self.init(
            transport: transport, hostAddress: hostAddress, hostPort: hostPort, address: address,
            port: port)
    }

    package var json: JSONValue {
        [
            "transport": .string(transport.rawValue), "hostAddress": .string("\(hostAddress)"),
            "hostPort": .number(JSONNumber(hostPort)), "address": .string("\(address)"),
            "port": .number(JSONNumber(port)),
        ]
    }
}
