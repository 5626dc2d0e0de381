package import Diagnostics
import Linux
package import SystemPackage

/// A container's network namespace, held by its monitor from before the start to the end.
///
/// It is kept over restarts, with its devices and addresses. When its last holder goes, the kernel
/// takes it down with everything in it: nothing can leak, and nobody waits.
package final class NetworkSandbox {
    let hostNamespace: OwnedFD
    let namespace: OwnedFD
    let inside: RouteSocket  // opened inside; the process itself is outside again
    private var reservation = PortReservation()
    /// The ports that lead to the container.
    package internal(set) var ports: [PublishedPort] = []
    /// What was done, and how long it took.
    var steps = MonitorSteps()
    /// What was set up.
    private(set) var current = NetworkSetup(links: [], ports: [])
    /// The container's network, where it is not made of devices.
    var pasta: PastaProcess?
    /// Its places on networks that plugins make, by the network's ID.
    var places: [String: CNIPlace] = [:]
    /// Where those are noted.
    var cniRecords: FilePath?
    /// The host's devices that are ports of bridges.
    private var bridgePorts: [String] = []

    /// Makes the namespace; the process stays in its own.
    ///
    /// - Parameter owner: the file of the user namespace that owns it; nil for this process's.
    /// - Throws: what the kernel refuses.
    package init(ownedBy owner: FilePath?) throws(Problem) {
        var steps = MonitorSteps()
        let start = steps.now
        let what = "cannot make the container's network namespace"
        let own = try explaining(what) { () throws(SystemCallError) in
            try OwnedFD.open("/proc/self/ns/net", .readOnly)
        }
        let made = try NewNetwork.make(besides: own, ownedBy: owner)
        hostNamespace = own
        namespace = made.namespace
        inside = made.inside
        steps.note(since: start, .makeNetworkNamespace, .done)
        self.steps = steps
    }

    /// What was done since this was last asked.
    package func takeSteps() -> [StepRecord] {
        defer { steps.removeAll() }
        return steps.records
    }

    /// Does a step, which notes no other itself, and notes it, also one that fails.
    func noting(
        _ explanation: @autoclosure () -> Explanation, _ body: () throws(Problem) -> Void
    ) throws(Problem) {
        try steps.perform(explanation(), body)
    }

    /// The namespace's file, for as long as this process lives.
    package var path: FilePath { FilePath("/proc/self/fd/\(namespace.rawValue)") }

    /// The descriptors of the namespace and of the host's, for a copy of the process to keep.
    package var descriptors: [CInt] { [hostNamespace.rawValue, namespace.rawValue] }

    /// Connects the container to its networks, and leads its ports to it.
    ///
    /// - Throws: what could not be done; what was done goes with the namespace.
    package func setUp(_ setup: NetworkSetup) throws(Problem) {
        try raiseLoopback()
        try change(to: setup)
    }

    /// Makes the networks and ports what they shall be now; those that stay are left alone.
    ///
    /// - Throws: what could not be done; all is as it was then.
    package func change(to setup: NetworkSetup) throws(Problem) {
        let before = current
        do throws(Problem) {
            try move(to: setup)
        } catch {
            // Best effort: the first error counts.
            try? move(to: before)
            throw error
        }
    }

    private func move(to setup: NetworkSetup) throws(Problem) {
        guard setup.pasta == nil else {
            try runPasta(setup)
            current = setup
            return
        }
        let host = try explaining("cannot ask for network devices") {
            () throws(SystemCallError) in try RouteSocket()
        }
        cniRecords = setup.cni?.records ?? cniRecords
        let addresses = current.addresses
        for link in current.links where setup.link(on: link.network) == nil {
            let isAsked = !setup.abandoned.contains(link.network)
            try isAsked ? disconnect(link) : abandonPlugins(of: link.network)
            current.links.removeAll { $0.network == link.network }
        }
        for link in setup.links {
            if let old = current.link(on: link.network) {
                if old.gateways != link.gateways { try route(over: link) }
            } else {
                do throws(Problem) {
                    try connect(link, over: host)
                } catch {
                    throw takeBack(link, after: error)
                }
            }
            current.links.removeAll { $0.network == link.network }
            current.links.append(link)
        }
        try publish(setup, insteadOfAddresses: addresses)
        current = setup
        try waitForBridges(over: host)
    }

    /// Takes back a connection that failed half-way.
    ///
    /// - Returns: the failure, with what plugins refuse to take back.
    private func takeBack(_ link: ContainerLink, after failure: Problem) -> Problem {
        do throws(Problem) {
            try disconnect(link)
        } catch {
            // It may not have come so far that there is a device; plugins know what they have done.
            guard case .cni = link.attachment else { return failure }
            var problem = failure
            problem.why += "; and it cannot be taken back"
            if !failure.why.hasSuffix(error.why) { problem.why += ": \(error.why)" }
            return problem
        }
        return failure
    }

    /// Removes one device of the container, and with it the host's end and the routes over it.
    private func disconnect(_ link: ContainerLink) throws(Problem) {
        if case .cni = link.attachment { return try disconnectByPlugins(from: link.network) }
        let what = "cannot disconnect the container's \(link.name)"
        let index = try Self.index(of: link.name, over: inside, what)
        try explaining(what) { () throws(SystemCallError) in
            try inside.socket.request(LinkMessage.remove(index), "remove \(link.name)")
        }
        if case .bridge(_, let name, _) = link.attachment { bridgePorts.removeAll { $0 == name } }
    }

    /// Leads the default routes over a device that was there already.
    private func route(over link: ContainerLink) throws(Problem) {
        let what = "cannot lead the container's default route over \(link.name)"
        let index = try Self.index(of: link.name, over: inside, what)
        for gateway in link.gateways {
            try explaining(what) { () throws(SystemCallError) in
                try inside.socket.request(
                    RouteMessage.addDefault(
                        over: gateway, version: gateway.version, device: index), "\(gateway)")
            }
        }
    }

    private func raiseLoopback() throws(Problem) {
        try noting(.raiseLoopback) { () throws(Problem) in
            try explaining("cannot switch the loopback device on") { () throws(SystemCallError) in
                try inside.setUp(interface: "lo")
            }
        }
    }

    /// Makes one device of the container.
    private func connect(
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

    /// Takes the ports that are new, and gives those back that are no longer wanted.
    private func publish(
        _ setup: NetworkSetup, insteadOfAddresses addresses: [IPVersion: IPAddress]
    ) throws(Problem) {
        let isMoved = setup.addresses != addresses && !ports.isEmpty
        guard setup.ports != current.ports || isMoved else { return }
        let start = steps.now
        let old = current.ports.filter { !setup.ports.contains($0) }
        for spec in old { reservation.release(spec) }
        if isMoved { reservation.redirect(to: setup.addresses) }
        let new = setup.ports.filter { !current.ports.contains($0) }
        do throws(Problem) {
            for spec in new { try reservation.take(spec, for: setup.addresses) }
            try leadPorts()
        } catch {
            // What was there before stays; of what is new, all or nothing.
            for spec in new { reservation.release(spec) }
            // Best effort: they were free a moment ago, and the first error counts.
            for spec in old { try? reservation.take(spec, for: addresses) }
            if isMoved { reservation.redirect(to: addresses) }
            try? leadPorts()
            let elements = new.flatMap { $0.elements(leadingTo: setup.addresses) }
            steps.note(since: start, .publish(elements), .failed(error.why))
            throw error
        }
        guard !ports.isEmpty else { return }
        try allowOwnPorts()
        steps.note(since: start, .publish(ports.map(\.nftElement)), .done)
    }

    /// Makes the rules lead the ports that are held to the container, and no others.
    private func leadPorts() throws(Problem) {
        let before = ports
        let after = reservation.ports
        try PortRules.remove(before.filter { !after.contains($0) })
        ports = before.filter { after.contains($0) }
        try PortRules.add(after.filter { !before.contains($0) })
        ports = after
    }

    /// Lets the container call its own published ports, where the kernel filters bridged frames
    /// (`bridge-nf-call-iptables`) and therefore leads them back without routing them.
    private func allowOwnPorts() throws(Problem) {
        try explaining("cannot let the container call its own ports") {
            () throws(SystemCallError) in
            let host = try RouteSocket()
            for name in bridgePorts {
                guard let link = try host.link(named: name) else { continue }
                try host.socket.request(LinkMessage.setPort(link.index, .hairpin), name)
            }
        }
    }

    /// Waits until frames of the container pass its bridges: the kernel learns that a device has a
    /// carrier from a thread of its own.
    private func waitForBridges(over host: borrowing RouteSocket) throws(Problem) {
        for name in bridgePorts {
            for _ in 0..<1000 {
                let link = try explaining("cannot ask for \(name)") {
                    () throws(SystemCallError) in try host.link(named: name)
                }
                if link?.isForwarding == true { break }
                // A tenth of a millisecond, and a tenth of a second at most.
                pause(microseconds: 100)
            }
        }
    }

    /// Takes away what does not go with the namespace: rules for ports.
    ///
    /// From now on frames for the container's addresses do not get to it any more.
    ///
    /// - Returns: what could not be taken away.
    package func tearDown() -> [Problem] {
        var problems: [Problem] = []
        endPasta()
        problems += leavePlugins()
        do throws(Problem) { try PortRules.remove(ports) } catch { problems.append(error) }
        ports = []
        reservation = PortReservation()
        do throws(SystemCallError) {
            let host = try RouteSocket()
            for name in bridgePorts {
                guard let link = try host.link(named: name) else { continue }
                try host.socket.request(LinkMessage.disablePort(link.index), name)
            }
        } catch {
            problems.append(
                Problem(what: "cannot take the container off its bridge", refusal: error))
        }
        bridgePorts = []
        return problems
    }

    private static func index(
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
