package import Diagnostics
package import Linux
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
    package static func of(process: Int32) throws(Problem) -> NetworkView {
        let what = "cannot look at the network of process \(process)"
        let namespace = try explaining(what) { () throws(SystemCallError) in
            try OwnedFD.open(FilePath("/proc/\(process)/ns/net"), .readOnly)
        }
        return try inside(namespace, what)
    }

    /// Looks at a namespace that this process has open.
    package static func inside(
        _ namespace: borrowing OwnedFD, _ what: String
    ) throws(Problem) -> NetworkView {
        try explaining(what) { () throws(SystemCallError) in
            try NetworkView(over: RouteSocket.opened(in: namespace))
        }
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
