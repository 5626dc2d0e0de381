import Diagnostics
import Linux
import Networking
import OCI
import SystemPackage

/// The network path: from the container's interface over its other end and the bridge to the
/// machine, and what of the firewall applies.
extension ContainerExplainer {
    func networkLines() throws(Problem) -> [ExplainedLine] {
        var lines: [ExplainedLine] = []
        switch request.namespaces.network {
        case .host: lines.append(sharedLine("the machine's own network", "--network host"))
        case .container(let id):
            let peer = try peer(id)
            lines.append(
                sharedLine("the network of container \(peer)", "--network container:\(peer)"))
        case .isolated: break
        }
        let endpoints = try context.endpoints(of: record)
        if lines.isEmpty, endpoints.isEmpty, request.network.pasta == nil { lines.append(noneLine) }
        for endpoint in endpoints { lines.append(declaredLine(of: endpoint)) }
        if let process, request.namespaces.network != .host {
            let place = try bridgePlace(of: endpoints)
            lines += try deviceLines(of: process, on: place)
            for endpoint in endpoints { lines += try bridgeLines(of: endpoint, on: place) }
        }
        lines += try portLines()
        lines += try resolverLines()
        return lines
    }

    /// Where the other ends of the container's devices are.
    private struct BridgePlace {
        let view: NetworkView
        /// What a command begins with that looks there.
        let enter: String
        let isOfUser: Bool
    }

    private func bridgePlace(of endpoints: [EndpointRecord]) throws(Problem) -> BridgePlace {
        if !endpoints.isEmpty, try context.isRootless(), let bridges = try context.userBridges() {
            return BridgePlace(
                view: bridges.view, enter: "kade unshare nsenter --net=\(bridges.path) ",
                isOfUser: true)
        }
        return BridgePlace(view: try NetworkView.own(), enter: "", isOfUser: false)
    }

    private var noneLine: ExplainedLine {
        ExplainedLine(
            "network none", declared: "the loopback alone", why: "nothing gets out, and nothing in",
            origin: request.network.isDefault ? "default (--network none)" : "--network none",
            command: "ip link set lo up"
        ).drawn(as: .place)
    }

    private func sharedLine(_ what: String, _ origin: String) -> ExplainedLine {
        ExplainedLine(
            "namespace", declared: what, why: "it has the same interfaces, addresses and ports",
            origin: origin,
            command: process.map { "nsenter --target \($0.pid) --net ip address" } ?? "ip address"
        ).drawn(as: .place)
    }

    /// A place on a network, as the database has it.
    private func declaredLine(of endpoint: EndpointRecord) -> ExplainedLine {
        let asked =
            [
                endpoint.attachment.ipv4.map { "--ip \($0)" },
                endpoint.attachment.ipv6.map { "--ip6 \($0)" },
            ].compactMap(\.self)
        let addresses = IPVersion.allCases.compactMap { endpoint.address($0) }
        return ExplainedLine(
            "network \(endpoint.network.name)",
            declared: asked.isEmpty ? "any free address" : asked.joined(separator: ", "),
            effective: process.map { _ in addresses.map { "\($0)" }.joined(separator: ", ") },
            why: "its place on a network of the driver \(endpoint.network.definition.driver)"
                + (endpoint.network.definition.modeName.map { ", mode \($0)" } ?? ""),
            origin: origin(of: endpoint),
            command: "kade network inspect \(endpoint.network.name)"
        ).drawn(as: .place)
    }

    private func origin(of endpoint: EndpointRecord) -> String {
        let name = endpoint.network.name
        let isDefault =
            request.network.isDefault && request.network.attachments?.first?.network == name
        return isDefault ? "default (--network \(name))" : "--network \(name)"
    }

    /// The devices inside, each with its other end.
    private func deviceLines(
        of process: RunningProcess, on place: BridgePlace
    ) throws(Problem) -> [ExplainedLine] {
        let inside = try NetworkView.of(process: process.pid)
        let enter = "nsenter --target \(process.pid) --net"
        var lines: [ExplainedLine] = []
        for device in inside.devices {
            let link = device.link
            let addresses = device.addresses.map { "\($0)" }.joined(separator: ", ")
            lines.append(
                ExplainedLine(
                    link.name,
                    effective: "\(link.isUp ? "up" : "down"), "
                        + (addresses.isEmpty ? "no address" : addresses)
                        + ", mtu \(link.mtu)" + (link.kind.isEmpty ? "" : ", \(link.kind)"),
                    why: link.name == "lo"
                        ? "its own loopback: 127.0.0.1 is itself"
                        : "its interface: what it sends goes out here",
                    origin: link.name == "lo" ? "always" : "--network",
                    command: "\(enter) ip address show \(link.name)"
                ).drawn(as: link.name == "lo" ? .loopback : .interface))
            guard let end = place.view.devices.first(where: { $0.link.index == link.peer })?.link
            else { continue }
            if link.kind == "macvlan" || link.kind == "ipvlan" {
                lines.append(parentLine(end, of: link.name))
            }
            guard link.kind == "veth" else { continue }
            let bridge = place.view.devices.first { $0.link.index == end.bridge }?.link.name
            lines.append(
                ExplainedLine(
                    end.name,
                    effective: "\(end.isUp ? "up" : "down")"
                        + (bridge.map { ", port of the bridge \($0)" } ?? ", of no bridge")
                        + (end.isForwarding ? ", passes frames" : ""),
                    why: "the other end of \(link.name), "
                        + (place.isOfUser ? "beside your bridges" : "on the machine"),
                    origin: "--network", command: "\(place.enter)ip -d link show \(end.name)"
                ).drawn(
                    as: place.isOfUser ? .userEnd : .hostEnd,
                    related: [link.name] + (bridge.map { [$0] } ?? [])))
        }
        for route in inside.defaultRoutes {
            let device = inside.devices.first { $0.link.index == route.device }?.link.name ?? ""
            lines.append(
                ExplainedLine(
                    "default route",
                    effective: (route.gateway.map { "via \($0) " } ?? "") + "dev \(device)",
                    why: "where packets for everybody else go", origin: "--network",
                    command: "\(enter) ip route"
                ).drawn(as: .route))
        }
        return lines
    }

    /// The machine's device that one of a macvlan or ipvlan network is a part of.
    private func parentLine(_ parent: NetworkLink, of name: String) -> ExplainedLine {
        ExplainedLine(
            parent.name, effective: parent.isUp ? "up" : "down",
            why: "the machine's device that \(name) is a part of: it goes out there",
            origin: "--network", command: "ip -d link show \(parent.name)"
        ).drawn(as: .hostEnd, related: [name])
    }

    /// The bridge, and what of Kade's table lets its packets through.
    private func bridgeLines(
        of endpoint: EndpointRecord, on place: BridgePlace
    ) throws(Problem) -> [ExplainedLine] {
        guard endpoint.network.definition.driver == .bridge else { return [] }
        let bridge = endpoint.network.bridgeName
        let device = place.view.devices.first { $0.link.name == bridge }
        if place.isOfUser { return [userBridgeLine(of: endpoint, device, enter: place.enter)] }
        let addresses = (device?.addresses ?? []).map { "\($0)" }.joined(separator: ", ")
        let origin = origin(of: endpoint)
        var lines = [
            ExplainedLine(
                bridge,
                declared: endpoint.network.gatewayAddresses.map { "\($0)" }.joined(separator: ", "),
                effective: device.map { "\($0.link.isUp ? "up" : "down"), \(addresses)" }
                    ?? "not there",
                why: "the bridge that connects the network's containers, and the machine with them",
                origin: origin, command: "ip address show \(bridge)"
            ).drawn(as: .bridge)
        ]
        let elements = try KadeTable.elements(
            of: endpoint.network.filtered, IPVersion.allCases.compactMap { endpoint.address($0) })
        for element in elements {
            lines.append(
                ExplainedLine(
                    "nft \(element.text)", declared: "there",
                    effective: element.isThere ? "there" : "missing: somebody changed the table",
                    why: element.why, origin: origin,
                    command: "nft list set inet \(KadeTable.name) "
                        + element.text.prefix { $0 != " " }
                ).drawn(as: .element))
        }
        return lines
    }

    /// An ordinary user's bridge, which is a switch and has no address.
    private func userBridgeLine(
        of endpoint: EndpointRecord, _ device: NetworkView.Device?, enter: String
    ) -> ExplainedLine {
        let bridge = endpoint.network.bridgeName
        return ExplainedLine(
            bridge, declared: "no address",
            effective: device.map {
                "\($0.link.isUp ? "up" : "down"), "
                    + ($0.addresses.isEmpty
                        ? "no address" : $0.addresses.map { "\($0)" }.joined(separator: ", "))
            } ?? "not there",
            why: "the bridge that connects the network's containers; the way out is pasta's",
            origin: origin(of: endpoint), command: "\(enter)ip address show \(bridge)"
        ).drawn(as: .userBridge)
    }

    private func portLines() throws(Problem) -> [ExplainedLine] {
        let asked = request.network.published.map { "--publish \($0.flagText)" }
        let origin =
            asked.isEmpty
            ? (request.network.publishesExposed ? "--publish-all" : "--publish")
            : asked.joined(separator: " ")
        guard process != nil else {
            return request.network.published.map { port in
                ExplainedLine(
                    "port \(port.container)", declared: port.flagText,
                    why: "callers of the machine's port reach it",
                    origin: "--publish \(port.flagText)",
                    command: "nft list map inet kade anyports4"
                ).drawn(as: .port)
            }
        }
        var lines: [ExplainedLine] = []
        let isPasta = try context.isRootless()
        for port in status.lifecycle?.ports ?? [] {
            let leads = isPasta ? true : try PortRules.leads(port)
            lines.append(
                ExplainedLine(
                    "port \(port.port)/\(port.transport.rawValue)",
                    declared: request.network.published.first {
                        $0.containerPort == port.port && $0.transport == port.transport
                    }?.flagText,
                    effective: "\(port.hostAddress):\(port.hostPort) "
                        + (isPasta
                            ? "is pasta's"
                            : leads
                                ? "leads to \(port.address):\(port.port)" : "leads nowhere"),
                    why: "callers of the machine's port reach the container",
                    origin: origin,
                    command: isPasta
                        ? "ss -lntup" : "nft add element inet kade \(port.nftElement)"
                ).drawn(as: .port))
        }
        return lines
    }

    /// Whom it asks for names.
    private func resolverLines() throws(Problem) -> [ExplainedLine] {
        guard let process else { return [] }
        let text: String
        do throws(SystemCallError) {
            let root = try RootedDirectory(at: FilePath("/proc/\(process.pid)/root"))
            guard let file = try root.openIfPresent("/etc/resolv.conf", .nonBlocking),
                let bytes = try file.readAll(upToBytes: 1 << 16)
            else { return [] }
            text = String(decoding: bytes, as: UTF8.self)
        } catch {
            throw Problem(what: "cannot read /etc/resolv.conf of \(record.name)", refusal: error)
        }
        let servers = ResolverFile(text).servers
        guard !servers.isEmpty else { return [] }
        return [
            ExplainedLine(
                "name servers", effective: servers.joined(separator: ", "),
                why: servers.contains("127.0.0.11")
                    ? "its monitor answers: it knows the containers of its networks"
                    : "who is asked for names",
                origin: request.network.nameServers.isEmpty
                    ? "default (--dns)"
                    : request.network.nameServers.map { "--dns \($0)" }.joined(separator: " "),
                command: "cat /proc/\(process.pid)/root/etc/resolv.conf"
            ).drawn(as: .resolver)
        ]
    }
}

extension NetworkDefinition {
    /// How devices of a macvlan or ipvlan network share their parent; nil for other drivers.
    fileprivate var modeName: String? {
        switch driver {
        case .macvlan: "\(options.macvlanMode ?? .bridge)"
        case .ipvlan: "\(options.ipvlanMode ?? .l2)"
        case .bridge, .cni, .host, .null: nil
        }
    }
}

extension PortSpec {
    /// The value of `--publish`.
    fileprivate var flagText: String {
        var text = hostAddress.map { $0.version == .v4 ? "\($0):" : "[\($0)]:" } ?? ""
        if let ports = hostPorts {
            text +=
                ports.count == 1
                ? "\(ports.lowerBound):" : "\(ports.lowerBound)-\(ports.upperBound):"
        } else if hostAddress != nil {
            text += ":"
        }
        return text + "\(containerPort)/\(transport.rawValue)"
    }
}
