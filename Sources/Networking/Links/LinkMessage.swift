package import Linux

/// Messages about network devices: `RTM_NEWLINK` and its like (`rtnetlink(7)`).
package enum LinkMessage {
    /// Makes a device.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - kind: what it is.
    ///   - parent: the index of the device that it lies on, for kinds that need one.
    ///   - mac: its hardware address; nil takes a random one.
    ///   - mtu: nil takes the kernel's.
    /// - Returns: the message.
    package static func make(
        _ name: String, _ kind: LinkKind, parent: Int32?, mac: MACAddress?, mtu: UInt32?
    ) -> NetlinkMessage {
        var message = NetlinkMessage(type: newLink, flags: [.request, .create, .exclusive])
        message.appendInterfaceInformation(index: 0, flags: 0, change: 0)
        message.appendAttribute(type: 3, text: name)  // IFLA_IFNAME
        if let mac { message.appendAttribute(type: 1, bytes: mac.bytes) }  // IFLA_ADDRESS
        if let mtu { message.appendAttribute(type: 4, number: mtu) }  // IFLA_MTU
        if let parent { message.appendAttribute(type: 5, number: parent) }  // IFLA_LINK
        message.appendNested(type: 18) { message in  // IFLA_LINKINFO
            message.appendAttribute(type: 1, text: kind.name)  // IFLA_INFO_KIND
            message.appendNested(type: 2) { kind.write(to: &$0) }  // IFLA_INFO_DATA
        }
        return message
    }

    /// Makes a pair of connected devices: one here, on a bridge and switched on, one in another
    /// network namespace.
    package static func makePair(_ pair: VethPair) -> NetlinkMessage {
        var message = NetlinkMessage(type: newLink, flags: [.request, .create, .exclusive])
        message.appendInterfaceInformation(index: 0, flags: 1, change: 1)  // IFF_UP
        message.appendAttribute(type: 3, text: pair.name)  // IFLA_IFNAME
        message.appendAttribute(type: 4, number: pair.mtu)  // IFLA_MTU
        message.appendAttribute(type: 10, number: pair.bridge)  // IFLA_MASTER
        message.appendNested(type: 18) { message in  // IFLA_LINKINFO
            message.appendAttribute(type: 1, text: "veth")  // IFLA_INFO_KIND
            message.appendNested(type: 2) { message in  // IFLA_INFO_DATA
                message.appendNested(type: 1) { message in  // VETH_INFO_PEER
                    message.appendInterfaceInformation(index: 0, flags: 0, change: 0)
                    message.appendAttribute(type: 3, text: pair.peerName)
                    message.appendAttribute(type: 1, bytes: pair.peerMAC.bytes)
                    message.appendAttribute(type: 4, number: pair.mtu)
                    // IFLA_NET_NS_FD
                    message.appendAttribute(type: 28, number: pair.peerNamespace)
                }
            }
        }
        return message
    }

    /// Switches a device on.
    package static func setUp(_ index: Int32) -> NetlinkMessage {
        var message = NetlinkMessage(type: newLink, flags: .request)
        message.appendInterfaceInformation(index: index, flags: 1, change: 1)  // IFF_UP
        return message
    }

    /// Keeps a device from giving itself an address of version 6 when it is switched on.
    package static func withoutLinkLocalAddress(_ index: Int32) -> NetlinkMessage {
        var message = NetlinkMessage(type: newLink, flags: .request)
        message.appendInterfaceInformation(index: index, flags: 0, change: 0)
        message.appendNested(type: 26) { message in  // IFLA_AF_SPEC
            message.appendNested(type: 10) { message in  // AF_INET6
                // IFLA_INET6_ADDR_GEN_MODE: IN6_ADDR_GEN_MODE_NONE
                message.appendAttribute(type: 8, number: UInt8(1))
            }
        }
        return message
    }

    /// What a port of a bridge does with frames.
    package enum PortSetting: Sendable {
        /// `IFLA_BRPORT_ISOLATED`: it reaches the host and no other isolated port.
        case isolated
        /// `IFLA_BRPORT_MODE`: it gets its own frames back, where a rule leads a packet to itself.
        case hairpin
    }

    /// Takes a port of a bridge out of use: no frame passes it any more.
    ///
    /// It speaks to the bridge (`AF_BRIDGE`), and not as ``setPort(_:_:)`` of the device: what that
    /// changes is told as a change of the device, and the bridge answers by using the port again.
    package static func disablePort(_ index: Int32) -> NetlinkMessage {
        var message = NetlinkMessage(type: 19, flags: .request)  // RTM_SETLINK
        message.append(UInt8(7))  // AF_BRIDGE
        message.append(UInt8(0))
        message.append(UInt16(0))
        message.append(index)
        message.append(UInt32(0))
        message.append(UInt32(0))
        message.appendNested(type: 12) { message in  // IFLA_PROTINFO
            message.appendAttribute(type: 1, number: UInt8(0))  // BR_STATE_DISABLED
            // IFLA_BRPORT_FLUSH: what was behind it may be somewhere else next.
            message.appendAttribute(type: 24, bytes: [])
        }
        return message
    }

    /// Changes a port of a bridge.
    package static func setPort(_ index: Int32, _ setting: PortSetting) -> NetlinkMessage {
        var message = NetlinkMessage(type: newLink, flags: .request)
        message.appendInterfaceInformation(index: index, flags: 0, change: 0)
        message.appendNested(type: 18) { message in  // IFLA_LINKINFO
            message.appendAttribute(type: 4, text: "bridge")  // IFLA_INFO_SLAVE_KIND
            message.appendNested(type: 5) { message in  // IFLA_INFO_SLAVE_DATA
                switch setting {
                case .isolated: message.appendAttribute(type: 33, number: UInt8(1))
                case .hairpin: message.appendAttribute(type: 4, number: UInt8(1))
                }
            }
        }
        return message
    }

    /// Puts a device into another network namespace, under a name.
    package static func move(
        _ index: Int32, toNamespace namespace: Int32, as name: String
    ) -> NetlinkMessage {
        var message = NetlinkMessage(type: newLink, flags: .request)
        message.appendInterfaceInformation(index: index, flags: 0, change: 0)
        message.appendAttribute(type: 3, text: name)  // IFLA_IFNAME
        message.appendAttribute(type: 28, number: namespace)  // IFLA_NET_NS_FD
        return message
    }

    /// Removes a device.
    package static func remove(_ index: Int32) -> NetlinkMessage {
        var message = NetlinkMessage(type: 17, flags: .request)  // RTM_DELLINK
        message.appendInterfaceInformation(index: index, flags: 0, change: 0)
        return message
    }

    /// Asks for a device by its name.
    package static func look(for name: String) -> NetlinkMessage {
        var message = NetlinkMessage(type: 18, flags: .request)  // RTM_GETLINK
        message.appendInterfaceInformation(index: 0, flags: 0, change: 0)
        message.appendAttribute(type: 3, text: name)  // IFLA_IFNAME
        return message
    }

    /// `RTM_NEWLINK`.
    private static let newLink: UInt16 = 16
}

/// Two connected devices, the second of which is in another network namespace.
package struct VethPair: Sendable {
    /// The name of the one that is here.
    package var name: String
    /// The index of the bridge that it is a port of.
    package var bridge: Int32
    package var mtu: UInt32
    /// The name of the other one.
    package var peerName: String
    package var peerMAC: MACAddress
    /// The namespace's descriptor.
    package var peerNamespace: Int32

    package init(
        name: String, bridge: Int32, mtu: UInt32, peerName: String, peerMAC: MACAddress,
        peerNamespace: Int32
    ) {
        self.name = name
        self.bridge = bridge
        self.mtu = mtu
        self.peerName = peerName
        self.peerMAC = peerMAC
        self.peerNamespace = peerNamespace
    }
}
