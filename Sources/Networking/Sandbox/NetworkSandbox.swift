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
    /// Opened inside; the process itself is outside again.
    let inside: RouteSocket
    /// Opened where an ordinary user's bridges are; nil where they are in the process's own namespace.
    private let bridges: RouteSocket?
    private var reservation = PortReservation()
    /// The ports that lead to the container.
    package internal(set) var ports: [PublishedPort] = []
    /// What was done, and how long it took.
    var steps = MonitorSteps(telling: nil)
    /// What was set up.
    private(set) var current = NetworkSetup(links: [], ports: [])
    /// The container's network, where it is not made of devices.
    var pasta: PastaProcess?
    /// Its places on networks that plugins make, by the network's ID.
    var places: [String: CNIPlace] = [:]
    /// Where those are noted.
    var cniRecords: FilePath?
    /// The host's devices that are ports of bridges.
    var bridgePorts: [String] = []

    /// Makes the namespace; the process stays in its own.
    ///
    /// - Parameters:
    ///   - owner: the file of the user namespace that owns it; nil for this process's.
    ///   - bridges: the file of the network namespace that has the bridges; nil for this process's.
    /// - Throws: what the kernel refuses.
    package init(ownedBy owner: FilePath?, bridgesIn bridges: FilePath?) throws(Problem) {
        var steps = MonitorSteps(telling: nil)
        let start = steps.now
        let what = "cannot make the container's network namespace"
        let own = try explaining(what) { () throws(SystemCallError) in
            try OwnedFD.open("/proc/self/ns/net", .readOnly)
        }
        if let bridges {
            self.bridges = try explaining("cannot reach your bridges") {
                () throws(SystemCallError) in
                try RouteSocket.opened(in: OwnedFD.open(bridges, .readOnly))
            }
        } else {
            self.bridges = nil
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

    /// Tells of those steps that were made, and of each that comes; with nil no more.
    package func tellSteps(_ hear: (@Sendable (StepEvent) -> Void)?) { steps.tell(hear) }

    /// Does a step, which notes no other itself, and notes it, also one that fails.
    func noting(
        _ explanation: @autoclosure () -> Explanation, _ body: () throws(Problem) -> Void
    ) throws(Problem) {
        try steps.perform(explanation(), body)
    }

    /// The namespace's file, for as long as this process lives.
    package var path: FilePath { FilePath("/proc/self/fd/\(namespace.rawValue)") }

    /// Whether this process could come back from another network namespace: root of a user namespace
    /// could not return to the machine's.
    var canReturn: Bool {
        switch bridges {
        case .some: false
        case .none: true
        }
    }

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
        cniRecords = setup.cni?.records ?? cniRecords
        let addresses = current.addresses
        try onBridges("cannot ask for network devices") { host throws(Problem) in
            try moveLinks(to: setup, over: host)
            if setup.pasta == nil, pasta == nil {
                try publish(setup, insteadOfAddresses: addresses)
            } else {
                try runPasta(setup)
            }
            current = setup
            try waitForBridges(over: host)
        }
    }

    /// Does something over a connection to the kernel where the bridges are.
    private func onBridges(
        _ what: String, _ body: (borrowing RouteSocket) throws(Problem) -> Void
    ) throws(Problem) {
        switch bridges {
        case .some(let socket): try body(socket)
        case .none:
            try body(explaining(what) { () throws(SystemCallError) in try RouteSocket() })
        }
    }

    private func moveLinks(
        to setup: NetworkSetup, over host: borrowing RouteSocket
    ) throws(Problem) {
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
        do throws(Problem) { try leaveBridges() } catch { problems.append(error) }
        bridgePorts = []
        return problems
    }

    private func leaveBridges() throws(Problem) {
        let what = "cannot take the container off its bridge"
        try onBridges(what) { host throws(Problem) in
            for name in bridgePorts {
                try explaining(what) { () throws(SystemCallError) in
                    guard let link = try host.link(named: name) else { return }
                    try host.socket.request(LinkMessage.disablePort(link.index), name)
                }
            }
        }
    }
}
