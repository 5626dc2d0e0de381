import Linux

/// A network device to make, and what only its kind has.
package enum LinkKind: Sendable, Equatable {
    /// `bridge`: a switch of the kernel's.
    case bridge
    /// `dummy`: a device that leads nowhere.
    case dummy
    /// `macvlan`: a device with an address of its own on a device of the host.
    case macvlan(MacvlanMode)
    /// `ipvlan`: a device that shares the address of a device of the host.
    case ipvlan(IPvlanMode, IPvlanFlag)
    /// `vlan`: the frames of a device of the host that have a tag (IEEE 802.1Q).
    case vlan(UInt16)

    /// `IFLA_MACVLAN_MODE`.
    package enum MacvlanMode: UInt32, Sendable {
        case `private` = 1
        case vepa = 2
        case bridge = 4
        case passthru = 8
    }

    /// `IFLA_IPVLAN_MODE`.
    package enum IPvlanMode: UInt16, Sendable {
        case l2 = 0
        case l3 = 1
        case l3s = 2
    }

    /// `IFLA_IPVLAN_FLAGS`.
    package enum IPvlanFlag: UInt16, Sendable {
        case bridge = 0
        case `private` = 1
        case vepa = 2
    }

    /// The kernel's word (`IFLA_INFO_KIND`).
    package var name: String {
        switch self {
        case .bridge: "bridge"
        case .dummy: "dummy"
        case .macvlan: "macvlan"
        case .ipvlan: "ipvlan"
        case .vlan: "vlan"
        }
    }

    /// Writes what the kind needs (`IFLA_INFO_DATA`).
    func write(to message: inout NetlinkMessage) {
        switch self {
        case .bridge, .dummy: break
        case .macvlan(let mode): message.appendAttribute(type: 1, number: mode.rawValue)
        case .ipvlan(let mode, let flag):
            message.appendAttribute(type: 1, number: mode.rawValue)
            message.appendAttribute(type: 2, number: flag.rawValue)
        case .vlan(let tag): message.appendAttribute(type: 1, number: tag)
        }
    }
}
