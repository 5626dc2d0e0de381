package import OCI

/// What plugins made of a container's place on a network (CNI 1.1, § ADD Success).
package struct CNIResult: Sendable, Equatable {
    /// The result as the last plugin of the chain printed it; DEL and CHECK get it back.
    package let json: JSONValue
    /// The device's name inside.
    private let interface: String

    package init(_ json: JSONValue, interface: String) {
        self.json = json
        self.interface = interface
    }

    /// The container's addresses.
    package var addresses: [InterfaceAddress] {
        ips.compactMap { $0["address"]?.string.flatMap { InterfaceAddress($0) } }
    }

    /// The gateways of its addresses.
    package var gateways: [IPAddress] {
        ips.compactMap { $0["gateway"]?.string.flatMap { IPAddress($0) } }
    }

    /// The device's hardware address.
    package var mac: MACAddress? {
        interfaces.last { $0["name"]?.string == interface && Self.isInside($0) }?["mac"]?.string
            .flatMap { MACAddress($0) }
    }

    /// The name servers of the network, as lines of `/etc/resolv.conf`.
    package var resolver: ResolverFile {
        func texts(_ name: String) -> [String] {
            (json["dns"]?[name]?.array ?? []).compactMap(\.string)
        }
        var file = ResolverFile()
        file.servers = texts("nameservers")
        file.search = texts("search")
        if file.search.isEmpty, let domain = json["dns"]?["domain"]?.string, !domain.isEmpty {
            file.search = [domain]
        }
        file.options = texts("options")
        return file
    }

    private var interfaces: [JSONValue] { json["interfaces"]?.array ?? [] }

    /// The addresses of devices inside; those of the host's ends are none of the container's.
    private var ips: [JSONValue] {
        (json["ips"]?.array ?? []).filter { ip in
            guard let index = ip["interface"]?.int, interfaces.indices.contains(index) else {
                return true
            }
            return Self.isInside(interfaces[index])
        }
    }

    private static func isInside(_ interface: JSONValue) -> Bool {
        interface["sandbox"]?.string.map { !$0.isEmpty } ?? false
    }
}
