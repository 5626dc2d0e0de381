import ContainerRuntime
import Diagnostics
import Linux
import Networking
import SystemPackage

/// What the kernel has of Kade's networks: bridges, and the table of rules.
enum HostNetworks {
    /// What the host has already.
    struct Facts {
        var subnets: [Subnet]
        var deviceNames: Set<String>
    }

    static func facts() throws(Problem) -> Facts {
        try explaining("cannot ask for the host's networks") { () throws(SystemCallError) in
            let socket = try RouteSocket()
            return Facts(
                subnets: try socket.routedSubnets(),
                deviceNames: Set(try socket.links().map(\.name)))
        }
    }
}

extension EngineContext {
    /// Makes sure that the kernel has what containers of these networks need.
    ///
    /// After a boot that is all of it; later two questions find it there.
    func prepareHost(
        for networks: [NetworkRecord], recording steps: inout StepRecorder
    ) throws(Problem) {
        let bridges = networks.filter { $0.definition.driver == .bridge }
        if bridges.isEmpty { return }
        if try isRootless() { return try prepareUserBridges(of: bridges, recording: &steps) }
        if try isReady(bridges) { return }
        let lock = plan == nil ? try lockNetworks() : nil
        if bridges.contains(where: { !$0.definition.isInternal }) {
            try prepareForwarding(of: bridges, recording: &steps)
        }
        _ = try prepareTable(for: bridges, renewing: false, recording: &steps)
        for network in bridges { try makeBridge(of: network, recording: &steps) }
        _ = consume lock
    }

    func lockNetworks() throws(Problem) -> FileLock {
        try explaining("cannot lock the networks") { () throws(SystemCallError) in
            try Directory.makeAll(configuration.runRoot, permissions: .container)
            return try FileLock(configuration.networksLock, .exclusive)
        }
    }

    /// Whether the table is there and the bridges are up, which is the last step of making them.
    private func isReady(_ bridges: [NetworkRecord]) throws(Problem) -> Bool {
        try explaining("cannot look for the networks") { () throws(SystemCallError) in
            let socket = try RouteSocket()
            for network in bridges {
                guard try socket.link(named: network.bridgeName)?.isUp == true else { return false }
            }
            return try KadeTable.presence(over: NetlinkSocket(.netfilter)) == .present
        }
    }

    // MARK: The table

    /// Makes sure that the table is there, and has the elements of bridges; the caller holds the
    /// networks' lock.
    ///
    /// - Parameters:
    ///   - bridges: those of networks.
    ///   - renews: whether the rules of a table that is there are made anew.
    ///   - steps: gets what is done.
    /// - Returns: whether the table was not there, so that all containers' ports were given back.
    /// - Throws: what the kernel refuses.
    func prepareTable(
        for bridges: [NetworkRecord], renewing renews: Bool, recording steps: inout StepRecorder
    ) throws(Problem) -> Bool {
        let what = "cannot make the firewall's table inet \(KadeTable.name)"
        let socket = try Self.filtering(what) { () throws(SystemCallError) in
            try NetlinkSocket(.netfilter)
        }
        let presence = try Self.filtering(what) { () throws(SystemCallError) in
            try KadeTable.presence(over: socket)
        }
        var batch = FilterBatch.ofKade
        let isNew = presence != .present
        if isNew { batch.makeTable(replacing: presence == .other) }
        if !isNew, renews { batch.renewTable() }
        if isNew || renews {
            for network in try allBridges() { batch.add(network.filtered) }
            for version in IPVersion.allCases where try isRouterByKade(version) {
                batch.markUnrouted(version)
            }
        }
        for network in bridges { batch.add(network.filtered) }
        try steps.perform(.addToTable(bridges, isNew: isNew || renews)) { () throws(Problem) in
            try Self.filtering(what) { () throws(SystemCallError) in
                try batch.commit(over: socket, "make the table inet \(KadeTable.name)")
            }
        }
        // Somebody flushed the rules while containers run: their ports lead to them again.
        guard isNew else { return false }
        let ports = try portsOfRunningContainers()
        if !ports.isEmpty {
            try steps.perform(.giveBack(ports)) { () throws(Problem) in try PortRules.add(ports) }
        }
        return true
    }

    /// Runs a call to nf_tables, whose refusal may mean that the kernel lacks it.
    private static func filtering<Value: ~Copyable>(
        _ what: String, _ body: () throws(SystemCallError) -> Value
    ) throws(Problem) -> Value {
        do throws(SystemCallError) {
            return try body()
        } catch {
            throw missingFilter(what, error)
        }
    }

    private static func missingFilter(_ what: String, _ refusal: SystemCallError) -> Problem {
        switch refusal.errno {
        case .protocolNotSupported, .invalidArgument, .notSupported, .noSuchFileOrDirectory:
            Problem(
                kind: .unsupported, what: what,
                why: "this kernel has no nf_tables, or not all of it: \(refusal)",
                fix: "modprobe nf_tables nft_chain_nat nft_masq nft_fib_inet, or use a kernel with "
                    + "them; containers can do without: --network none or host",
                cause: refusal)
        default: Problem(what: what, refusal: refusal, fix: "run as root")
        }
    }

    private func allBridges() throws(Problem) -> [NetworkRecord] {
        try database.read { database throws(Problem) in
            try database.networks().filter { $0.definition.driver == .bridge }
        }
    }

    private func portsOfRunningContainers() throws(Problem) -> [PublishedPort] {
        let records = try database.read { database throws(Problem) in try database.containers() }
        var ports: [PublishedPort] = []
        for record in records where !record.request.publishedSpecs.isEmpty {
            ports += try portsInTable(of: record)
        }
        return ports
    }

    /// The ports of a container that the table leads to it, where it runs.
    func portsInTable(of record: ContainerRecord) throws(Problem) -> [PublishedPort] {
        let status = try status(of: record)
        guard status.truth.isMonitorAlive else { return [] }
        // Those of other networks are led by rules of others.
        let gateway = Self.gateway(among: try endpoints(of: record))
        guard gateway?.network.definition.driver == .bridge else { return [] }
        return status.lifecycle?.ports ?? []
    }

    // MARK: Bridges

    private func makeBridge(
        of network: NetworkRecord, recording steps: inout StepRecorder
    ) throws(Problem) {
        let name = network.bridgeName
        let socket = try explaining("cannot look for the bridge \(name)") {
            () throws(SystemCallError) in try RouteSocket()
        }
        let link = try explaining("cannot look for the bridge \(name)") {
            () throws(SystemCallError) in try socket.link(named: name)
        }
        if link?.isUp == true { return }
        try steps.perform(.makeBridge(network)) { () throws(Problem) in
            if link == nil { try Self.make(network, over: socket) }
            try Self.raise(network, withAddresses: true, over: socket)
        }
    }

    static func make(
        _ network: NetworkRecord, over socket: borrowing RouteSocket
    ) throws(Problem) {
        let name = network.bridgeName
        do throws(SystemCallError) {
            try socket.socket.request(
                LinkMessage.make(
                    name, .bridge, parent: nil, mac: MACAddress(random: Random.bytes(5)),
                    mtu: network.mtu), "make the bridge \(name)")
        } catch  where error.errno == .notSupported {
            throw Problem(
                kind: .unsupported, what: "cannot make the bridge \(name)",
                why: "this kernel has no bridges",
                fix: "modprobe bridge, or use a kernel with CONFIG_BRIDGE; containers can do "
                    + "without: --network none or host", cause: error)
        } catch {
            throw Problem(
                what: "cannot make the bridge \(name)", refusal: error, fix: "run as root")
        }
    }

    /// Gives a bridge its addresses, if it has some, and last of all switches it on.
    static func raise(
        _ network: NetworkRecord, withAddresses hasAddresses: Bool,
        over socket: borrowing RouteSocket
    ) throws(Problem) {
        let name = network.bridgeName
        try explaining("cannot set the bridge \(name) up") { () throws(SystemCallError) in
            guard let index = try socket.link(named: name)?.index else {
                throw SystemCallError(
                    call: "netlink", subject: name, errno: .operationNotSupportedByDevice)
            }
            if !hasAddresses || network.definition.subnet(.v6) == nil {
                // Best effort: a kernel without version 6 has none of its addresses anyway.
                try? socket.socket.request(LinkMessage.withoutLinkLocalAddress(index), name)
            }
            if hasAddresses { try giveAddresses(of: network, to: index, over: socket) }
            try socket.socket.request(LinkMessage.setUp(index), "set \(name) up")
        }
    }

    private static func giveAddresses(
        of network: NetworkRecord, to index: Int32, over socket: borrowing RouteSocket
    ) throws(SystemCallError) {
        let name = network.bridgeName
        for address in network.gatewayAddresses {
            do throws(SystemCallError) {
                try socket.socket.request(
                    RouteMessage.add(address, to: index), "give \(name) \(address)")
            } catch  where error.errno == .fileExists {
                continue  // somebody was killed half-way
            }
        }
        if network.definition.subnet(.v4) != nil {
            // Callers of 127.0.0.1 reach published ports; the table drops what others send there.
            try File.write(
                "1", into: FilePath("/proc/sys/net/ipv4/conf/\(name)/route_localnet"))
        }
    }

    /// Takes a network's bridge and rules away.
    func removeFromHost(_ network: NetworkRecord) throws(Problem) {
        guard network.definition.driver == .bridge else { return }
        if try isRootless() { return try removeUserBridge(of: network) }
        if let plan { return plan.note(.removeBridge(network), by: .engine) }
        let what = "cannot remove the bridge \(network.bridgeName)"
        try explaining(what) { () throws(SystemCallError) in
            let socket = try RouteSocket()
            if let link = try socket.link(named: network.bridgeName) {
                try socket.socket.request(LinkMessage.remove(link.index), network.bridgeName)
            }
            let filter = try NetlinkSocket(.netfilter)
            guard try KadeTable.presence(over: filter) == .present else { return }
            do throws(SystemCallError) {
                var batch = FilterBatch.ofKade
                batch.remove(network.filtered)
                try batch.commit(over: filter, "forget \(network.bridgeName)")
            } catch  where error.errno == .noSuchFileOrDirectory {
                return  // it was never used since the machine's start
            }
        }
    }
}

extension NetworkRecord {
    /// The bridge as the table knows it.
    var filtered: FilteredBridge {
        let options = definition.options
        let modes = [options[BridgeOption.gatewayMode4], options[BridgeOption.gatewayMode6]]
        let isRouted = modes.contains("routed") || modes.contains("nat-unprotected")
        return FilteredBridge(
            name: bridgeName, subnets: definition.subnets.map(\.subnet),
            isInternal: definition.isInternal,
            isMasqueraded: options[BridgeOption.masquerades] != "false"
                && !modes.contains("routed"),
            isRouted: isRouted)
    }

    /// The host's own addresses on it.
    var gatewayAddresses: [InterfaceAddress] {
        definition.subnets.compactMap { subnet in
            subnet.gateway.map { InterfaceAddress($0, prefixLength: subnet.subnet.prefixLength) }
        }
    }

    var mtu: UInt32 { definition.options[BridgeOption.mtu].flatMap { UInt32($0) } ?? 1500 }
}

extension EngineConfiguration {
    /// Held while bridges and the table are made.
    var networksLock: FilePath { runRoot.appending("networks.lock") }
}

extension Explanation {
    fileprivate static func addToTable(_ networks: [NetworkRecord], isNew: Bool) -> Explanation {
        let elements = networks.map {
            "nft add element inet \(KadeTable.name) bridges '{ \"\($0.bridgeName)\" }'"
        }
        let table = isNew ? ["nft -f - <<< 'table inet \(KadeTable.name) { … }'"] : []
        return Explanation(
            shell: (table + elements).joined(separator: "; "),
            why: "one table holds all of Kade's rules; networks and ports are elements of its sets",
            spec: "--network")
    }

    fileprivate static func makeBridge(_ network: NetworkRecord) -> Explanation {
        let name = network.bridgeName
        let addresses = network.gatewayAddresses.map { "; ip address add \($0) dev \(name)" }
        return Explanation(
            shell: "ip link add \(name) type bridge\(addresses.joined())"
                + "; echo 1 > /proc/sys/net/ipv4/conf/\(name)/route_localnet"
                + "; ip link set \(name) up",
            why: "network \(network.name) is a bridge, and the host is its way out",
            spec: "--network")
    }
}
