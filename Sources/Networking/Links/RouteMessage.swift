package import Linux

/// Messages about addresses and routes: `RTM_NEWADDR`, `RTM_NEWROUTE` (`rtnetlink(7)`).
package enum RouteMessage {
    /// Gives a device an address.
    ///
    /// One of version 6 is used at once: nobody else has it, so that nobody needs to be asked
    /// (`IFA_F_NODAD`).
    package static func add(_ address: InterfaceAddress, to device: Int32) -> NetlinkMessage {
        var message = NetlinkMessage(type: 20, flags: [.request, .create, .exclusive])
        message.append(address.address.version.family)
        message.append(UInt8(address.prefixLength))
        message.append(UInt8(0x02))  // IFA_F_NODAD
        message.append(UInt8(0))  // RT_SCOPE_UNIVERSE
        message.append(device)
        let bytes = address.address.bytes
        message.appendAttribute(type: 2, bytes: bytes)  // IFA_LOCAL
        message.appendAttribute(type: 1, bytes: bytes)  // IFA_ADDRESS
        if address.address.version == .v4, address.prefixLength < 31 {
            message.appendAttribute(type: 4, bytes: address.subnet.last.bytes)  // IFA_BROADCAST
        }
        return message
    }

    /// The default route of a version: over a gateway, or straight to a device.
    package static func addDefault(
        over gateway: IPAddress?, version: IPVersion, device: Int32
    ) -> NetlinkMessage {
        var message = begin(24, [.request, .create, .replace], version, scope: gateway == nil)
        if let gateway { message.appendAttribute(type: 5, bytes: gateway.bytes) }  // RTA_GATEWAY
        message.appendAttribute(type: 4, number: device)  // RTA_OIF
        return message
    }

    /// Removes the default route of a version that leads to a device.
    package static func removeDefault(version: IPVersion, device: Int32) -> NetlinkMessage {
        var message = begin(25, .request, version, scope: false)  // RTM_DELROUTE
        message.appendAttribute(type: 4, number: device)  // RTA_OIF
        return message
    }

    /// `struct rtmsg` of the default route.
    private static func begin(
        _ type: UInt16, _ flags: NetlinkMessage.Flags, _ version: IPVersion, scope isLink: Bool
    ) -> NetlinkMessage {
        var message = NetlinkMessage(type: type, flags: flags)
        message.append(version.family)
        message.append(UInt8(0))  // rtm_dst_len: everywhere
        message.append(UInt8(0))
        message.append(UInt8(0))
        message.append(UInt8(254))  // RT_TABLE_MAIN
        message.append(UInt8(type == 24 ? 4 : 0))  // RTPROT_STATIC; to remove: any
        // RT_SCOPE_LINK or RT_SCOPE_UNIVERSE; to remove: RT_SCOPE_NOWHERE, any
        message.append(UInt8(type == 25 ? 255 : isLink ? 253 : 0))
        message.append(UInt8(type == 24 ? 1 : 0))  // RTN_UNICAST
        message.append(UInt32(0))
        return message
    }
}
