import Diagnostics
import Linux
import SystemPackage

// The container's devices, of which the host's ends are where the bridges are.
extension NetworkSandbox {
    /// Makes one device of the container.
    func connect(
        _ link: ContainerLink, over host: borrowing RouteSocket
    ) throws(Problem) {
        try noting(.connect(link)) { () throws(Problem) in
            switch link.attachment {
            case .bridge(let bridge, let name, let isIsolated):
                try makePair(of: link, to: bridge, as: name, isIsolated: isIsolated, over: host)
            case .macvlan(let parent, let mode):
                try make(link, .macvlan(mode), on: parent, over: host)
            case .ipvlan(let parent, let mode, let flag):
                try make(link, .ipvlan(mode, flag), on: parent, over: host)
            case .cni(let attachment): try connect(link, byPluginsOf: attachment)
            }
        }
        if case .cni = link.attachment { return }
        try noting(.configure(link)) { () throws(Problem) in try configure(link) }
    }

    private func makePair(
        of link: ContainerLink, to bridge: String, as name: String, isIsolated: Bool,
        over host: borrowing RouteSocket
    ) throws(Problem) {
        let what = "cannot connect the container to the bridge \(bridge)"
        let master = try Self.index(of: bridge, over: host, what)
        let pair = VethPair(
            name: name, bridge: master, mtu: link.mtu, peerName: link.name,
            peerMAC: link.mac ?? MACAddress(random: Random.bytes(5)),
            peerNamespace: namespace.rawValue)
        try explaining(what) { () throws(SystemCallError) in
            try host.socket.request(LinkMessage.makePair(pair), "make \(name)")
        }
        bridgePorts.append(name)
        guard isIsolated else { return }
        let index = try Self.index(of: name, over: host, what)
        try explaining(what) { () throws(SystemCallError) in
            try host.socket.request(LinkMessage.setPort(index, .isolated), "isolate \(name)")
        }
    }

    private func make(
        _ link: ContainerLink, _ kind: LinkKind, on parent: String,
        over host: borrowing RouteSocket
    ) throws(Problem) {
        let what = "cannot make a device of \(parent) for the container"
        let index = try Self.index(of: parent, over: host, what)
        // Made here under a name that nobody has, and moved: the parent is known here alone.
        let name = "kade" + Random.hexadecimal(bytes: 5)
        do throws(SystemCallError) {
            try host.socket.request(
                LinkMessage.make(name, kind, parent: index, mac: link.mac, mtu: link.mtu),
                "make a \(kind.name)")
        } catch  where error.errno == .notSupported {
            throw Problem(
                kind: .unsupported, what: what, why: "this kernel has no \(kind.name)",
                fix: "modprobe \(kind.name), or use a kernel with CONFIG_\(kind.name.uppercased())",
                cause: error)
        } catch {
            throw Problem(what: what, refusal: error)
        }
        let made = try Self.index(of: name, over: host, what)
        do throws(SystemCallError) {
            try host.socket.request(
                LinkMessage.move(made, toNamespace: namespace.rawValue, as: link.name),
                "move \(name)")
        } catch {
            // Best effort: the first error counts.
            try? host.socket.request(LinkMessage.remove(made), "remove \(name)")
            throw Problem(what: what, refusal: error)
        }
    }

    /// Inside: addresses and routes.
    private func configure(_ link: ContainerLink) throws(Problem) {
        let what = "cannot set the container's \(link.name) up"
        let index = try Self.index(of: link.name, over: inside, what)
        var messages: [NetlinkMessage] = []
        if !link.addresses.contains(where: { $0.address.version == .v6 }) {
            messages.append(LinkMessage.withoutLinkLocalAddress(index))
        }
        messages.append(LinkMessage.setUp(index))
        messages += link.addresses.map { RouteMessage.add($0, to: index) }
        messages += link.gateways.map {
            RouteMessage.addDefault(over: $0, version: $0.version, device: index)
        }
        messages += link.directRoutes.map {
            RouteMessage.addDefault(over: nil, version: $0, device: index)
        }
        let codes = try explaining(what) { () throws(SystemCallError) in
            try inside.socket.request(messages, "set \(link.name) up")
        }
        // A kernel without version 6 has no such addresses to keep from appearing.
        let refusals = zip(codes, messages).filter { code, message in
            code != 0
                && !(message.isAboutVersion6Alone
                    && code == -Errno.addressFamilyNotSupported.rawValue)
        }
        if let code = refusals.first?.0 {
            throw Problem(
                what: what,
                refusal: SystemCallError(
                    call: "netlink", subject: "addresses and routes of \(link.name)",
                    errno: Errno(rawValue: -code)))
        }
    }

    static func index(
        of name: String, over socket: borrowing RouteSocket, _ what: String
    ) throws(Problem) -> Int32 {
        let link = try explaining(what) { () throws(SystemCallError) in
            try socket.link(named: name)
        }
        guard let link else {
            throw Problem(
                kind: .notFound, what: what, why: "there is no network device \(name)",
                fix: "ip link shows those that there are")
        }
        return link.index
    }
}

extension NetlinkMessage {
    /// Whether it is ``LinkMessage/withoutLinkLocalAddress(_:)``.
    fileprivate var isAboutVersion6Alone: Bool {
        // IFLA_AF_SPEC comes first.
        bytes.count > 36 && bytes[34] == 26 && bytes[35] & 0x7f == 0
    }
}
