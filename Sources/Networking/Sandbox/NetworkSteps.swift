package import Diagnostics
import SystemPackage

extension NetworkSetup {
    /// What a monitor does for it, in words.
    ///
    /// Ports that the kernel will choose are 0.
    ///
    /// - Parameter old: what it has done already; nil for a container that starts.
    /// - Returns: the steps in their order.
    package func explanations(after old: NetworkSetup?) -> [Explanation] {
        var steps: [Explanation] = old == nil ? [.makeNetworkNamespace, .raiseLoopback] : []
        for link in old?.links ?? [] where self.link(on: link.network) == nil {
            steps.append(.disconnect(link))
        }
        for link in links where old?.link(on: link.network) == nil {
            steps.append(.connect(link))
            if case .cni = link.attachment { continue }
            steps.append(.configure(link))
        }
        if pasta == nil, old?.pasta != nil { steps.append(.endPasta) }
        let (before, after) = (old?.elements ?? [], elements)
        let gone = before.filter { !after.contains($0) }
        if !gone.isEmpty { steps.append(.takeBack(gone)) }
        let new = after.filter { !before.contains($0) }
        if !new.isEmpty { steps.append(.publish(new)) }
        if let pasta, old?.pasta == nil || old?.ports != ports {
            steps.append(.runPasta(pasta, ports.map(\.expected)))
        }
        if names != nil, old?.names == nil { steps.append(.answerNames) }
        return steps
    }

    /// The elements of the published ports, in the words of `nft`.
    private var elements: [String] {
        // pasta has them itself.
        pasta == nil ? ports.flatMap { $0.elements(leadingTo: addresses) } : []
    }
}

extension PortSpec {
    /// The port as pasta will have it; 0 where the kernel chooses.
    var expected: PublishedPort {
        PublishedPort(
            transport: transport, hostAddress: hostAddress ?? .v4(.unspecified),
            hostPort: hostPorts?.lowerBound ?? 0, address: .v4(.unspecified), port: containerPort)
    }

    /// The elements that lead the port to a container, in the words of `nft`.
    func elements(leadingTo addresses: [IPVersion: IPAddress]) -> [String] {
        let versions = hostAddress.map { [$0.version] } ?? IPVersion.allCases
        return versions.compactMap { version in
            guard let address = addresses[version] else { return nil }
            return PublishedPort(
                transport: transport,
                hostAddress: hostAddress
                    ?? (version == .v4 ? .v4(.unspecified) : .v6(.unspecified)),
                hostPort: hostPorts?.lowerBound ?? 0, address: address, port: containerPort
            ).nftElement
        }
    }
}

extension Explanation {
    static let makeNetworkNamespace = Explanation(
        shell: "ip netns add c", why: "the container's devices, addresses and ports are its own",
        spec: "linux.namespaces")

    static let raiseLoopback = Explanation(
        shell: "ip -n c link set lo up",
        why: "a new network namespace has 127.0.0.1, switched off", spec: "linux.namespaces")

    static let answerNames = Explanation(
        shell: "nft -f - <<< 'table inet kade { chain names { … } }'",
        why: "names of containers are answered at \(NameServerAddress.inside)",
        spec: "--network")

    static func runPasta(_ setup: PastaSetup, _ ports: [PublishedPort]) -> Explanation {
        Explanation(
            shell: setup.arguments(namespace: "/run/netns/c", ready: "/dev/null", ports: ports)
                .joined(separator: " "),
            why: "pasta carries the container's connections with the user's own rights",
            spec: "--network")
    }

    static let endPasta = Explanation(
        shell: "kill $(pgrep -f 'pasta.*/run/netns/c')",
        why: "the container is on internal networks alone, and goes out no more",
        spec: "network disconnect")

    static func connect(_ link: ContainerLink) -> Explanation {
        Explanation(
            shell: link.shellOfMaking, why: "the container's device on its network",
            spec: "--network")
    }

    static func configure(_ link: ContainerLink) -> Explanation {
        Explanation(
            shell: link.shellOfConfiguring,
            why: "the container has its addresses and knows the way out", spec: "--network")
    }

    static func disconnect(_ link: ContainerLink) -> Explanation {
        Explanation(
            shell: link.shellOfRemoving,
            why: "the container is on that network no more", spec: "network disconnect")
    }

    static func takeBack(_ elements: [String]) -> Explanation {
        Explanation(
            shell: elements.map { "nft delete element inet kade \($0)" }.joined(separator: "; "),
            why: "these ports of the host lead nowhere any more", spec: "--rm-p")
    }

    static func publish(_ elements: [String]) -> Explanation {
        Explanation(
            shell: elements.map { "nft add element inet kade \($0)" }.joined(separator: "; "),
            why: "who calls these ports of the host is led to the container", spec: "--publish")
    }
}

extension ContainerLink {
    /// Where the host's end is, for `ip`.
    private var place: String { isOfUser ? "-n bridges " : "" }

    /// The commands that make the device.
    var shellOfMaking: String {
        switch attachment {
        case .bridge(let bridge, let hostName, let isIsolated):
            "ip \(place)link add \(hostName) up master \(bridge) mtu \(mtu) type veth peer name \(name) "
                + "netns c mtu \(mtu)" + (mac.map { " address \($0)" } ?? "")
                + (isIsolated ? "; bridge \(place)link set dev \(hostName) isolated on" : "")
        case .macvlan(let parent, let mode):
            "ip link add \(name) netns c link \(parent) mtu \(mtu) type macvlan mode \(mode)"
        case .ipvlan(let parent, let mode, let flag):
            "ip link add \(name) netns c link \(parent) mtu \(mtu) type ipvlan mode \(mode) \(flag)"
        case .cni(let attachment):
            attachment.shell(.add, attachment.network.types)
        }
    }

    /// The commands that take it away.
    fileprivate var shellOfRemoving: String {
        guard case .cni(let attachment) = attachment else { return "ip -n c link delete \(name)" }
        return attachment.shell(.delete, attachment.network.types.reversed())
    }

    /// The commands that give it addresses and routes.
    var shellOfConfiguring: String {
        let parts =
            ["ip -n c link set \(name) up"]
            + addresses.map { "ip -n c address add \($0) dev \(name)" }
            + gateways.map { "ip -n c route add default via \($0)" }
            + directRoutes.map { "ip -n c -\($0 == .v4 ? 4 : 6) route add default dev \(name)" }
        return parts.joined(separator: "; ")
    }
}

extension PublishedPort {
    /// The element of a map, in the words of `nft`.
    package var nftElement: String {
        let isAny = hostAddress.isUnspecified
        let map = hostAddress.version.portMap(isOfOneAddress: !isAny).rawValue
        let key = isAny ? "" : "\(hostAddress) . "
        return "\(map) '{ \(transport.rawValue) . \(key)\(hostPort) : \(address) . \(port) }'"
    }
}

extension CNIAttachment {
    /// The commands that execute its plugins, each of which reads its part of the network's file.
    fileprivate func shell(_ verb: CNIVerb, _ types: [String]) -> String {
        let variables = environment(verb, namespace: "/run/netns/c").filter {
            $0 != Self.searchPath
        }
        return (["export " + variables.map { "'\($0)'" }.joined(separator: " ")] + types)
            .joined(separator: "; ")
    }
}
