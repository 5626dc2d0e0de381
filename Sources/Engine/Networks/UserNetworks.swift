import ContainerRuntime
import Diagnostics
import Linux
import Networking
import SystemPackage

/// An ordinary user's networks in the kernel.
///
/// A bridge is a switch there and nothing else: it has no address, so that nothing leads from one
/// network to the next, and no rules are needed. The way out, and published ports, are each
/// container's own pasta.
extension EngineContext {
    /// Makes sure that the bridges of networks are there; after a boot, and after the last
    /// container on any has ended, none is.
    func prepareUserBridges(
        of networks: [NetworkRecord], recording steps: inout StepRecorder
    ) throws(Problem) {
        if let plan { return try planUserBridges(of: networks, noting: plan) }
        let bridges = try UserBridges.make(configuration)
        let what = "cannot look for your bridges"
        let socket = try explaining(what) { () throws(SystemCallError) in
            try RouteSocket.opened(in: bridges.namespace)
        }
        let lock = try lockNetworks()
        for network in networks {
            let link = try explaining(what) { () throws(SystemCallError) in
                try socket.link(named: network.bridgeName)
            }
            if link?.isUp == true { continue }
            try steps.perform(.makeUserBridge(network)) { () throws(Problem) in
                if link == nil { try Self.make(network, over: socket) }
                try Self.raise(network, withAddresses: false, over: socket)
            }
        }
        _ = consume lock
        withExtendedLifetime(bridges) {}  // until a monitor uses them
    }

    private func planUserBridges(
        of networks: [NetworkRecord], noting plan: StepPlan
    ) throws(Problem) {
        let view = try userBridges()?.view
        if view == nil { plan.note(.holdBridges(configuration.runtimeProgram), by: .engine) }
        for network in networks {
            let device = view?.devices.first { $0.link.name == network.bridgeName }
            if device?.link.isUp == true { continue }
            plan.note(.makeUserBridge(network), by: .engine)
        }
    }

    /// Takes a network's bridge away, if it is there.
    func removeUserBridge(of network: NetworkRecord) throws(Problem) {
        guard let bridges = try UserBridges.find(configuration) else { return }
        let name = network.bridgeName
        try explaining("cannot remove the bridge \(name)") { () throws(SystemCallError) in
            let socket = try RouteSocket.opened(in: bridges.namespace)
            guard let link = try socket.link(named: name) else { return }
            if let plan { return plan.note(.removeUserBridge(network), by: .engine) }
            try socket.socket.request(LinkMessage.remove(link.index), name)
        }
        withExtendedLifetime(bridges) {}
    }

    /// What the bridges of all networks are called.
    func bridgeNames() throws(Problem) -> Set<String> {
        let networks = try database.read { database throws(Problem) in try database.networks() }
        return Set(networks.filter { $0.definition.driver == .bridge }.map(\.bridgeName))
    }

    /// What the network namespace of a user's bridges has.
    struct SeenBridges {
        let view: NetworkView
        /// The namespace's file.
        let path: FilePath
    }

    /// What is in the network namespace of the user's bridges; nil where there is none.
    func userBridges() throws(Problem) -> SeenBridges? {
        guard let bridges = try UserBridges.find(configuration) else { return nil }
        let view = try NetworkView.inside(bridges.namespace, "cannot look at your bridges")
        return SeenBridges(view: view, path: bridges.path)
    }
}

extension Problem {
    /// An ordinary user wants what takes network devices of the machine.
    static func noRightsOverNetworks(_ action: String) -> Problem {
        Problem(
            kind: .unsupported, what: "cannot \(action)",
            why: "an ordinary user has no rights over the machine's network devices",
            fix: "use a network of driver bridge, or run kade as root")
    }
}

extension NetworkDefinition {
    /// Refuses what takes rights over the machine's network.
    func checkOptionsOfUser(of name: String) throws(Problem) {
        guard driver == .bridge else {
            throw Problem.noRightsOverNetworks(
                "make network \(name) of driver \(driver.rawValue)")
        }
        let usual = [
            BridgeOption.masquerades: "true", BridgeOption.gatewayMode4: "nat",
            BridgeOption.gatewayMode6: "nat",
        ]
        for (option, value) in options.sorted(by: { $0.key < $1.key }) {
            guard let only = usual[option], value != only else { continue }
            throw Problem(
                kind: .unsupported, what: "cannot make network \(name) with \(option)=\(value)",
                why: "the way out of an ordinary user's containers is pasta, which takes part in no"
                    + " routing of the machine", fix: "leave it out, or run kade as root")
        }
    }
}

extension Explanation {
    fileprivate static func holdBridges(_ program: FilePath) -> Explanation {
        Explanation(
            shell: "ip netns add bridges  # \(program) hold --bridges … --new",
            why: "your bridges are in a network namespace of their own, while a container uses one",
            spec: "--network")
    }

    fileprivate static func makeUserBridge(_ network: NetworkRecord) -> Explanation {
        let name = network.bridgeName
        return Explanation(
            shell: "ip -n bridges link add \(name) type bridge; ip -n bridges link set \(name) up",
            why: "network \(network.name) is a bridge, which connects its containers",
            spec: "--network")
    }

    fileprivate static func removeUserBridge(_ network: NetworkRecord) -> Explanation {
        Explanation(
            shell: "ip -n bridges link delete \(network.bridgeName)",
            why: "the network's bridge goes with it", spec: "network rm")
    }
}
