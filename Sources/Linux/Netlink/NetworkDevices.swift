import SystemPackage

/// A network device, as the namespace that it is in numbers it.
package struct NetworkDevice: Sendable, Equatable {
    package var index: Int32
    package var name: String
}

/// An address of a network device, in the kernel's own bytes.
package struct NetworkAddress: Sendable, Equatable {
    /// `AF_INET` or `AF_INET6`.
    package var family: UInt8
    package var prefixLength: UInt8
    /// `IFA_F_…`.
    var flags: UInt32
    /// `RT_SCOPE_…`; 0 is the whole world.
    var scope: UInt8
    var deviceIndex: Int32
    /// `IFA_LOCAL`, `IFA_ADDRESS`, `IFA_BROADCAST` by their numbers.
    var values: [UInt16: [UInt8]]

    /// The address itself: `IFA_LOCAL`, or `IFA_ADDRESS` where that is all there is.
    package var bytes: [UInt8] { values[2] ?? values[1] ?? [] }

    /// Whether someone configured it for good, and for the whole world (`IFA_F_PERMANENT`,
    /// `RT_SCOPE_UNIVERSE`).
    package var isPermanentAndGlobal: Bool { flags & 0x80 != 0 && scope == 0 }
}

extension RouteSocket {
    /// The network devices of the namespace (`RTM_GETLINK`).
    package borrowing func devices() throws(SystemCallError) -> [NetworkDevice] {
        var message = NetlinkMessage(type: 18, flags: .request)
        message.appendInterfaceInformation(index: 0, flags: 0, change: 0)
        return try socket.dump(message, "the network devices").compactMap { answer in
            guard answer.type == 16, let index = answer.number(at: 4, as: Int32.self),
                let name = answer.attributes(after: 16)[3]  // IFLA_IFNAME
            else { return nil }
            return NetworkDevice(
                index: index, name: String(decoding: name.prefix { $0 != 0 }, as: UTF8.self))
        }
    }

    /// The addresses of a network device (`RTM_GETADDR`).
    package borrowing func addresses(
        of device: NetworkDevice
    ) throws(SystemCallError) -> [NetworkAddress] {
        var message = NetlinkMessage(type: 22, flags: .request)
        message.append(UInt32(0))  // struct ifaddrmsg: any family
        message.append(UInt32(0))
        return try socket.dump(message, "the addresses of \(device.name)").compactMap { answer in
            guard answer.type == 20, let address = NetworkAddress(answer),
                address.deviceIndex == device.index
            else { return nil }
            return address
        }
    }

    /// Moves a device into another network namespace, under a name (`IFLA_NET_NS_FD`).
    ///
    /// - Parameters:
    ///   - device: the device.
    ///   - namespace: the namespace's file.
    ///   - name: its name there; the kernel puts the lowest free number for "%d".
    /// - Throws: EEXIST when a device there has the name.
    package borrowing func move(
        _ device: NetworkDevice, to namespace: borrowing OwnedFD, as name: String
    ) throws(SystemCallError) {
        var message = NetlinkMessage(type: 16, flags: .request)  // RTM_NEWLINK
        message.appendInterfaceInformation(index: device.index, flags: 0, change: 0)
        message.appendAttribute(type: 3, text: name)  // IFLA_IFNAME
        message.appendAttribute(  // IFLA_NET_NS_FD
            type: 28, bytes: withUnsafeBytes(of: namespace.rawValue) { Array($0) })
        try socket.request(message, "move \(device.name)")
    }

    /// Gives a device an address (`RTM_NEWADDR`).
    package borrowing func add(
        _ address: NetworkAddress, to device: NetworkDevice
    ) throws(SystemCallError) {
        var message = NetlinkMessage(
            type: 20, flags: [.request, .create, .exclusive])
        message.append(address.family)
        message.append(address.prefixLength)
        message.append(UInt8(0))  // ifa_flags: IFA_FLAGS below has them all
        message.append(address.scope)
        message.append(device.index)
        for (type, value) in address.values.sorted(by: { $0.key < $1.key }) {
            message.appendAttribute(type: type, bytes: value)
        }
        // The kernel's own marks of its state, PERMANENT and the like, are set by itself:
        // NODAD, HOMEADDRESS, MANAGETEMPADDR, NOPREFIXROUTE, MCAUTOJOIN are its user's.
        let flags = address.flags & (0x02 | 0x10 | 0x100 | 0x200 | 0x400)
        message.appendAttribute(type: 8, bytes: withUnsafeBytes(of: flags) { Array($0) })
        try socket.request(message, "add an address to \(device.name)")
    }

    /// Switches a device on (`IFF_UP`).
    package borrowing func setUp(_ device: NetworkDevice) throws(SystemCallError) {
        var message = NetlinkMessage(type: 16, flags: .request)  // RTM_NEWLINK
        message.appendInterfaceInformation(index: device.index, flags: 1, change: 1)
        try socket.request(message, "set \(device.name) up")
    }
}

extension NetworkAddress {
    /// Reads `struct ifaddrmsg` and its attributes.
    fileprivate init?(_ message: NetlinkReader.Message) {
        guard let family = message.number(at: 0, as: UInt8.self),
            let prefixLength = message.number(at: 1, as: UInt8.self),
            let shortFlags = message.number(at: 2, as: UInt8.self),
            let scope = message.number(at: 3, as: UInt8.self),
            let index = message.number(at: 4, as: Int32.self)
        else { return nil }
        let attributes = message.attributes(after: 8)
        let flags = attributes[8].flatMap { bytes in  // IFA_FLAGS
            bytes.count >= 4 ? bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) } : nil
        }
        self.init(
            family: family, prefixLength: prefixLength, flags: flags ?? UInt32(shortFlags),
            scope: scope, deviceIndex: index,
            values: attributes.filter { [1, 2, 4].contains($0.key) })
    }
}
