package import Diagnostics
import Linux

/// What was done for the network, and how long it took, for `explain`.
package struct NetworkSteps: Sendable {
    /// The steps in their order.
    package private(set) var records: [StepRecord] = []
    private let origin = monotonicNanoseconds()

    package init() {}

    /// The moment, for ``note(since:shell:why:spec:)``.
    package var now: UInt64 { monotonicNanoseconds() }

    /// Notes a step that was just done.
    package mutating func note(since start: UInt64, shell: String, why: String, spec: String) {
        let end = now
        records.append(
            StepRecord(
                explanation: Explanation(shell: shell, why: why, spec: spec), actor: .monitor,
                startInMicroseconds: Int64(start - origin) / 1000,
                durationInMicroseconds: Int64(end - start) / 1000, outcome: .done))
    }

    /// Forgets what was read.
    package mutating func removeAll() { records = [] }
}

extension ContainerLink {
    /// The commands that make the device.
    var shellOfMaking: String {
        switch attachment {
        case .bridge(let bridge, let hostName, let isIsolated):
            "ip link add \(hostName) up master \(bridge) mtu \(mtu) type veth peer name \(name) "
                + "netns c mtu \(mtu)" + (mac.map { " address \($0)" } ?? "")
                + (isIsolated ? "; bridge link set dev \(hostName) isolated on" : "")
        case .macvlan(let parent, let mode):
            "ip link add \(name) netns c link \(parent) mtu \(mtu) type macvlan mode \(mode)"
        case .ipvlan(let parent, let mode, let flag):
            "ip link add \(name) netns c link \(parent) mtu \(mtu) type ipvlan mode \(mode) \(flag)"
        }
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
