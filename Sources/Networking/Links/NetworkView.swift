package import Diagnostics
import Glibc
import Linux
import SystemPackage

/// What a network namespace has: devices, their addresses, and default routes.
package struct NetworkView: Sendable {
    package var devices: [Device] = []
    /// Where packets for everybody else go.
    package var defaultRoutes: [DefaultRoute] = []

    /// A device with its addresses.
    package struct Device: Sendable {
        package let link: NetworkLink
        package let addresses: [InterfaceAddress]
    }

    /// A route for all destinations.
    package struct DefaultRoute: Sendable, Equatable {
        /// nil where it leads straight to a device.
        package let gateway: IPAddress?
        package let device: Int32?
    }

    /// Looks at the namespace of this process.
    package static func own() throws(Problem) -> NetworkView {
        try explaining("cannot look at the machine's network") { () throws(SystemCallError) in
            try NetworkView(over: RouteSocket())
        }
    }

    /// Looks at the namespace of another process.
    ///
    /// A child enters it and opens the connection, so that this process stays where it is; root of a
    /// user namespace could not come back.
    package static func of(process: Int32) throws(Problem) -> NetworkView {
        try explaining("cannot look at the network of process \(process)") {
            () throws(SystemCallError) in
            let file = FilePath("/proc/\(process)/ns/net")
            let namespace = try OwnedFD.open(file, .readOnly)
            let pair = try SocketPair(.packets)
            switch try clone([], intoCgroup: nil) {
            case .child: return hand(namespace, to: pair.second)
            case .parent(let child):
                let socket = pair.split { first, _ in first }
                _ = try child.wait()
                var message = try socket.receiveMessage(upToBytes: 1)
                guard let descriptor = message.descriptor.take() else {
                    throw SystemCallError(
                        call: "setns", subject: file.string, errno: .permissionDenied)
                }
                return try NetworkView(over: RouteSocket(adopting: descriptor))
            }
        }
    }

    /// What the child does.
    ///
    /// It never returns; its type lets the caller forget that.
    private static func hand(
        _ namespace: borrowing OwnedFD, to parent: borrowing OwnedFD
    ) -> NetworkView {
        do throws(SystemCallError) {
            try Namespaces.enter(namespace, .network)
            let inside = try RouteSocket()
            try parent.send([0], descriptors: [inside.socket.descriptor])
            withExtendedLifetime(inside) {}  // its number is sent, not it
        } catch {
            _exit(1)  // the parent hears of nothing
        }
        _exit(0)
    }

    private init(over socket: borrowing RouteSocket) throws(SystemCallError) {
        let links = try socket.links()
        for device in try socket.devices() {
            guard let link = links.first(where: { $0.index == device.index }) else { continue }
            let addresses = try socket.addresses(of: device).compactMap { InterfaceAddress($0) }
            devices.append(Device(link: link, addresses: addresses))
        }
        defaultRoutes = try socket.routes().filter { $0.destination.prefixLength == 0 }
            .map { DefaultRoute(gateway: $0.gateway, device: $0.device) }
    }
}

extension IPAddress {
    /// Reads an address in the order of the network.
    init(bytes: [UInt8], _ version: IPVersion) {
        self.init(bits: bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }, version: version)
    }
}

extension InterfaceAddress {
    /// The kernel's address of a device; nil for one that is no internet address.
    fileprivate init?(_ address: NetworkAddress) {
        let version = IPVersion.allCases.first { $0.family == address.family }
        guard let version, address.bytes.count == version.width / 8 else { return nil }
        self.init(
            IPAddress(bytes: address.bytes, version), prefixLength: Int(address.prefixLength))
    }
}
