import Diagnostics
import Engine
import Networking

/// `--network`: a mode, or a network with what the container wants of it.
enum NetworkFlag: Equatable {
    case mode(NamespaceMode)
    /// `none`.
    case none
    /// `pasta[:OPTION,…]`.
    case pasta([String])
    case attachment(NetworkAttachment)

    /// Reads `NAME`, or `name=NAME,ip=…` (a line of comma-separated values, RFC 4180).
    static func parse(_ text: String) throws(InvalidValue) -> NetworkFlag {
        if text == "pasta" || text.hasPrefix("pasta:") {
            return .pasta(text.dropFirst(6).split(separator: ",").map(String.init))
        }
        guard text.contains("=") else { return try named(text) }
        var attachment = NetworkAttachment(network: "")
        for field in try CommaSeparatedLine.fields(of: text) {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw InvalidValue("invalid field \(field)", fix: "write KEY=VALUE")
            }
            try read(parts[0].lowercased(), String(parts[1]), into: &attachment)
        }
        guard !attachment.network.isEmpty else {
            throw InvalidValue("network name or ID is missing", fix: "add name=NETWORK")
        }
        guard case .attachment = try named(attachment.network) else {
            throw InvalidValue(
                "network '\(attachment.network)' has no options", fix: "leave them out")
        }
        return .attachment(attachment)
    }

    private static func named(_ name: String) throws(InvalidValue) -> NetworkFlag {
        switch name {
        case "": throw InvalidValue("a network needs a name")
        case "none": return .none
        case "host": return .mode(.host)
        case let text where text.hasPrefix("container:") && text.utf8.count > 10:
            return .mode(.container(String(text.dropFirst(10))))
        case let text where text.hasPrefix("container:"):
            throw InvalidValue("invalid container format container:<name|id>")
        case let text where text.hasPrefix("ns:"):
            throw InvalidValue.unsupported(
                "a container of Kade's joins no namespace by its path",
                fix: "container:NAME joins another container's")
        default: return .attachment(NetworkAttachment(network: name))
        }
    }

    private static func read(
        _ key: String, _ value: String, into attachment: inout NetworkAttachment
    ) throws(InvalidValue) {
        switch key {
        case "name": attachment.network = value
        case "ip": attachment.ipv4 = try IPv4Flag.parse(value)
        case "ip6": attachment.ipv6 = try IPv6Flag.parse(value)
        case "mac-address": attachment.mac = try MACFlag.parse(value)
        case "gw-priority": attachment.gatewayPriority = try NumberValue.parseInt(value)
        case "alias": attachment.aliases.append(try AliasFlag.parse(value))
        case "driver-opt":
            let option = value.split(separator: "=", maxSplits: 1).map(String.init)
            guard option.count == 2 else {
                throw InvalidValue("invalid driver-opt \(value)", fix: "write driver-opt=KEY=VALUE")
            }
            attachment.driverOptions[option[0]] = option[1]
        case "link-local-ip":
            throw .unsupported("the kernel gives link-local addresses")
        default: throw InvalidValue("invalid field key \(key)")
        }
    }
}

/// `--ip`.
enum IPv4Flag {
    static func parse(_ text: String) throws(InvalidValue) -> IPv4Address {
        guard let address = IPv4Address(text) else {
            throw InvalidValue("invalid IPv4 address: \(text)")
        }
        return address
    }
}

/// `--ip6`.
enum IPv6Flag {
    static func parse(_ text: String) throws(InvalidValue) -> IPv6Address {
        guard let address = IPv6Address(text) else {
            throw InvalidValue("invalid IPv6 address: \(text)")
        }
        return address
    }
}

/// `--mac-address`.
enum MACFlag {
    static func parse(_ text: String) throws(InvalidValue) -> MACAddress {
        guard let address = MACAddress(text) else {
            throw InvalidValue("\(text) is not a valid mac address")
        }
        return address
    }
}

/// `--network-alias`.
enum AliasFlag {
    static func parse(_ text: String) throws(InvalidValue) -> String {
        let isName =
            (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") }
        guard isName else {
            throw InvalidValue(
                "\(text) is no name that a network could answer to",
                fix: "use at most 63 letters, digits, dashes and dots")
        }
        return text
    }
}

/// `--link CONTAINER[:ALIAS]`.
enum LinkFlag {
    static func parse(_ text: String) throws(InvalidValue) -> String {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard !text.isEmpty else { throw InvalidValue("empty string specified for links") }
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw InvalidValue("bad format for links: \(text)", fix: "write CONTAINER:ALIAS")
        }
        return text
    }
}

/// `-p` and `--expose`.
enum PortFlag {
    static func parse(_ text: String) throws(InvalidValue) -> [PortSpec] {
        do { return try PortSpec.parse(text) } catch {
            throw InvalidValue(error.why, fix: error.fix)
        }
    }

    static func parseExposed(_ text: String) throws(InvalidValue) -> [TransportPort] {
        do { return try PortSpec.parseExposed(text) } catch {
            throw InvalidValue("invalid range format for --expose: \(text)", fix: error.fix)
        }
    }
}

/// The flags of `run` and `create` about networks, before they are put together.
struct NetworkFlags {
    var networks: [NetworkFlag] = []
    /// `--ip`, `--ip6`, `--mac-address`: of the first network.
    var ipv4: IPv4Address?
    var ipv6: IPv6Address?
    var mac: MACAddress?
    /// `--network-alias` and `--link`: of the first network, too.
    var aliases: [String] = []
    var links: [String] = []
    var published: [[PortSpec]] = []
    var exposed: [[TransportPort]] = []

    static var flags: [Flag<NetworkFlags>] {
        [
            .list(
                "network", nil, "network",
                "Connect a container to a network: a name, none, host, container:NAME or, for"
                    + " ordinary users, pasta[:OPTION,...]; or name=NAME with ip=, ip6=, mac-address=, alias=,"
                    + " gw-priority= and, for CNI networks, driver-opt=",
                \.networks, NetworkFlag.parse),
            // Docker's older word for the same.
            Flag<NetworkFlags>.list("net", nil, "network", "", \.networks, NetworkFlag.parse)
                .hidden,
            .value(
                "ip", nil, "ip", "IPv4 address (e.g., 172.30.100.104)", \.ipv4, IPv4Flag.parse),
            .value("ip6", nil, "ip", "IPv6 address (e.g., 2001:db8::33)", \.ipv6, IPv6Flag.parse),
            .value(
                "mac-address", nil, "string",
                "Container MAC address (e.g., 92:d0:c6:0a:29:33)", \.mac, MACFlag.parse),
            .list(
                "network-alias", nil, "list",
                "Add network-scoped alias for the container", \.aliases, AliasFlag.parse),
            Flag<NetworkFlags>.list("net-alias", nil, "list", "", \.aliases, AliasFlag.parse)
                .hidden,
            .list(
                "link", nil, "list", "Add link to another container: NAME[:ALIAS]", \.links,
                LinkFlag.parse),
            .list(
                "publish", "p", "list", "Publish a container's port(s) to the host", \.published,
                PortFlag.parse),
            .list(
                "expose", nil, "list", "Expose a port or a range of ports", \.exposed,
                PortFlag.parseExposed),
        ]
    }

    /// Puts them together.
    func apply(to request: inout ContainerRequest) throws(InvalidValue) {
        request.network.published = published.flatMap(\.self)
        request.network.exposed = Set(exposed.flatMap(\.self))
        var attachments: [NetworkAttachment] = []
        for network in networks {
            switch network {
            case .attachment(let attachment): attachments.append(attachment)
            case .none: request.network.attachments = []
            case .pasta(let options):
                request.network.attachments = []
                request.network.pasta = options
            case .mode(let mode): request.namespaces.network = mode
            }
        }
        let hasMode = networks.contains { if case .attachment = $0 { false } else { true } }
        guard !hasMode || networks.count == 1 else {
            throw InvalidValue(
                "container cannot be connected to multiple networks with one of them in host, "
                    + "none or container mode", fix: "use that network alone")
        }
        let isOwn =
            ipv4 != nil || ipv6 != nil || mac != nil || !aliases.isEmpty || !links.isEmpty
        if hasMode {
            guard !isOwn else {
                throw InvalidValue(
                    "--ip, --ip6, --mac-address, --network-alias and --link need a network of "
                        + "the container's own",
                    fix: "name one with --network")
            }
            return
        }
        if attachments.isEmpty, isOwn {
            attachments = [NetworkAttachment(network: NetworkAttachment.defaultName)]
        }
        guard var first = attachments.first else { return }
        if let ipv4 { first.ipv4 = ipv4 }
        if let ipv6 { first.ipv6 = ipv6 }
        if let mac { first.mac = mac }
        first.aliases += aliases
        first.links += links
        attachments[0] = first
        guard Set(attachments.map(\.network)).count == attachments.count else {
            throw InvalidValue("a network is named twice", fix: "name each one once")
        }
        request.network.attachments = attachments
    }
}
