import Linux
import SystemPackage

/// The one table of Kade's own in nf_tables: `inet kade`.
///
/// Its rules never change. What differs from one network to the next, and from one container to the
/// next, are elements of its sets and maps, so that a container costs one message and nobody waits.
/// Its chains come after those of the host's firewall: what that drops, nobody accepts again.
package enum KadeTable {
    package static let name = "kade"

    /// An empty chain that says what the rules are; other rules get another number.
    static let layout = "layout-1"

    /// The sets and maps.
    package enum SetName: String, Sendable {
        /// The bridges of all networks.
        case bridges
        /// Those of networks that lead nowhere (`--internal`).
        case internals
        /// Those whose containers answer on all ports to those who know the way.
        case routed
        /// Each bridge beside itself: what stays on one network.
        case same
        /// The addresses of version 4 that leave the host as one of its own.
        case masquerade4
        case masquerade6
        /// The addresses of version 4 of each bridge.
        case own4
        case own6
        /// The versions for which Kade made a router of the host.
        case unrouted
        /// Ports published on one address of the host, and where they lead.
        case ports4
        case ports6
        /// Ports published on every address of the host.
        case anyports4
        case anyports6
    }

    private static var sets: [FilterSet] {
        let name = FilterType(.interfaceName)
        var sets: [FilterSet] = []
        for set in [SetName.bridges, .internals, .routed] {
            sets.append(FilterSet(set.rawValue, name, value: nil, isInterval: false))
        }
        sets.append(
            FilterSet(
                SetName.same.rawValue, FilterType(.interfaceName, .interfaceName), value: nil,
                isInterval: false))
        sets.append(
            FilterSet(
                SetName.unrouted.rawValue, FilterType(.protocolFamily), value: nil,
                isInterval: false))
        for version in IPVersion.allCases {
            let address = version.field
            sets += [
                FilterSet(
                    version.masqueradeSet.rawValue, FilterType(address), value: nil,
                    isInterval: true),
                FilterSet(
                    version.ownSet.rawValue, FilterType(address, .interfaceName), value: nil,
                    isInterval: true),
                FilterSet(
                    version.portMap(isOfOneAddress: true).rawValue,
                    FilterType(.transport, address, .port), value: FilterType(address, .port),
                    isInterval: false),
                FilterSet(
                    version.portMap(isOfOneAddress: false).rawValue,
                    FilterType(.transport, .port), value: FilterType(address, .port),
                    isInterval: false),
            ]
        }
        return sets
    }

    /// Makes the table with its sets, chains and rules.
    static func make(in batch: inout FilterBatch) {
        batch.addTable()
        for set in sets { batch.add(set) }
        // A router's first chain: before the host's own look at the packet.
        batch.add(FilterChain("guard", .init(.filter, .prerouting, priority: -300)))
        batch.add(FilterChain("publish"))
        batch.add(FilterChain("prerouting", .init(.nat, .prerouting, priority: -100)))
        batch.add(FilterChain("output", .init(.nat, .output, priority: -100)))
        batch.add(FilterChain("inward"))
        batch.add(FilterChain("postrouting", .init(.nat, .postrouting, priority: 100)))
        batch.add(FilterChain("forward", .init(.filter, .forward, priority: 10)))
        batch.add(FilterChain(layout))
        addPublishing(to: &batch)
        addMasquerading(to: &batch)
        addIsolation(to: &batch)
    }

    /// Ports: whoever calls one of the host's addresses is led to the container.
    private static func addPublishing(to batch: inout FilterBatch) {
        // With route_localnet the bridges would pass on what is for the host itself alone.
        batch.addRule(
            to: "guard",
            isVersion(.v4) + destinationIsLoopback() + [
                .meta(.inputName, to: 8),
                .lookup(SetName.bridges.rawValue, key: 8, isIncluded: true), .verdict(.drop),
            ])
        batch.addRule(
            to: "prerouting", isVersion(.v4) + destinationIsLoopback() + [.verdict(.goBack)])
        let isOfHost: [FilterExpression] = [
            .destinationKind(to: 8), .compare(8, isEqual: true, hostOrder(2)),  // RTN_LOCAL
            .verdict(.jump("publish")),
        ]
        // The kernel never lets ::1 leave the host: callers of it hear at once that nobody is there.
        batch.addRule(
            to: "output",
            isVersion(.v6) + [
                destination(.v6, to: 8), .compare(8, isEqual: true, IPv6Address.loopback.bytes),
                .verdict(.goBack),
            ])
        batch.addRule(to: "prerouting", isOfHost)
        batch.addRule(to: "output", isOfHost)
        for version in IPVersion.allCases {
            let words = UInt32(version.width / 32)
            for isOfOneAddress in [true, false] {
                var key: [FilterExpression] = [.meta(.transport, to: 8)]
                if isOfOneAddress { key.append(destination(version, to: 9)) }
                key.append(
                    .payload(.transport, offset: 2, length: 2, to: isOfOneAddress ? 9 + words : 9))
                let map = version.portMap(isOfOneAddress: isOfOneAddress).rawValue
                batch.addRule(
                    to: "publish",
                    isVersion(version) + key + [
                        .map(map, key: 8, to: 8),
                        .changeDestination(version, address: 8, port: 8 + words),
                    ])
            }
        }
    }

    /// Source addresses: the host's where the answer would not find back otherwise.
    private static func addMasquerading(to batch: inout FilterBatch) {
        batch.addRule(
            to: "postrouting",
            [
                .meta(.outputName, to: 8),
                .lookup(SetName.bridges.rawValue, key: 8, isIncluded: true),
                .verdict(.jump("inward")),
            ])
        // The host's 127.0.0.1 means the container itself inside of it.
        batch.addRule(
            to: "inward", isVersion(.v4) + sourceIsLoopback() + [.masquerade])
        for version in IPVersion.allCases {
            // A container that calls a published port of its own network: an answer straight from
            // the neighbour would be from someone it has not called.
            batch.addRule(
                to: "inward",
                isVersion(version) + hasNewDestination() + [
                    source(version, to: 8),
                    .meta(.outputName, to: 8 + UInt32(version.width / 32)),
                    .lookup(version.ownSet.rawValue, key: 8, isIncluded: true), .masquerade,
                ])
        }
        batch.addRule(to: "inward", [.verdict(.accept)])
        for version in IPVersion.allCases {
            batch.addRule(
                to: "postrouting",
                isVersion(version) + [
                    source(version, to: 8),
                    .lookup(version.masqueradeSet.rawValue, key: 8, isIncluded: true), .masquerade,
                ])
        }
    }

    /// Who reaches whom.
    private static func addIsolation(to batch: inout FilterBatch) {
        func rule(_ expressions: [FilterExpression], _ verdict: FilterExpression.Verdict) {
            batch.addRule(to: "forward", expressions + [.verdict(verdict)])
        }
        func isIn(_ set: SetName, _ side: FilterExpression.Meta, _ isIn: Bool)
            -> [FilterExpression]
        {
            [.meta(side, to: 8), .lookup(set.rawValue, key: 8, isIncluded: isIn)]
        }
        // Established or related: NF_CT_STATE_BIT of IP_CT_ESTABLISHED and IP_CT_RELATED.
        rule(
            [
                .connection(.state, to: 8), .mask(8, hostOrder(6)),
                .compare(8, isEqual: false, hostOrder(0)),
            ], .accept)
        rule(
            [
                .meta(.inputName, to: 8), .meta(.outputName, to: 12),
                .lookup(SetName.same.rawValue, key: 8, isIncluded: true),
            ], .accept)
        rule(isIn(.internals, .inputName, true), .drop)
        rule(isIn(.internals, .outputName, true), .drop)
        rule(isIn(.bridges, .outputName, true) + hasNewDestination(), .accept)
        rule(isIn(.routed, .outputName, true), .accept)
        rule(isIn(.bridges, .outputName, true), .drop)
        rule(isIn(.bridges, .inputName, true), .accept)
        // What goes from one of the host's other networks to another did not before Kade, either.
        rule(
            [
                .meta(.protocolFamily, to: 8),
                .lookup(SetName.unrouted.rawValue, key: 8, isIncluded: true),
            ], .drop)
    }

    // MARK: Parts of rules

    private static func isVersion(_ version: IPVersion) -> [FilterExpression] {
        [.meta(.protocolFamily, to: 8), .compare(8, isEqual: true, [version.family])]
    }

    private static func source(_ version: IPVersion, to register: UInt32) -> FilterExpression {
        version == .v4
            ? .payload(.network, offset: 12, length: 4, to: register)
            : .payload(.network, offset: 8, length: 16, to: register)
    }

    private static func destination(
        _ version: IPVersion, to register: UInt32
    ) -> FilterExpression {
        version == .v4
            ? .payload(.network, offset: 16, length: 4, to: register)
            : .payload(.network, offset: 24, length: 16, to: register)
    }

    private static func sourceIsLoopback() -> [FilterExpression] {
        [.payload(.network, offset: 12, length: 1, to: 8), .compare(8, isEqual: true, [127])]
    }

    private static func destinationIsLoopback() -> [FilterExpression] {
        [.payload(.network, offset: 16, length: 1, to: 8), .compare(8, isEqual: true, [127])]
    }

    /// Somebody published the port that was called: `IPS_DST_NAT`.
    private static func hasNewDestination() -> [FilterExpression] {
        [
            .connection(.status, to: 8), .mask(8, hostOrder(0x20)),
            .compare(8, isEqual: false, hostOrder(0)),
        ]
    }

    private static func hostOrder(_ number: UInt32) -> [UInt8] {
        withUnsafeBytes(of: number) { Array($0) }
    }
}

extension IPVersion {
    var field: FilterType.Field { self == .v4 ? .ipv4Address : .ipv6Address }
    var masqueradeSet: KadeTable.SetName { self == .v4 ? .masquerade4 : .masquerade6 }
    var ownSet: KadeTable.SetName { self == .v4 ? .own4 : .own6 }

    func portMap(isOfOneAddress: Bool) -> KadeTable.SetName {
        switch self {
        case .v4: isOfOneAddress ? .ports4 : .anyports4
        case .v6: isOfOneAddress ? .ports6 : .anyports6
        }
    }
}
