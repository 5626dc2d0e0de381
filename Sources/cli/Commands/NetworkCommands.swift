import Diagnostics
import Engine
import Networking

/// `kade network ls`.
struct ListNetworksCommand: Command {
    var filters: [Label] = []
    var format: String?
    var isWhole = false
    var isQuiet = false

    static var grammar: Grammar<ListNetworksCommand> {
        Grammar(
            name: "ls", synopsis: "[OPTIONS]", summary: "List networks",
            flags: [
                .list(
                    "filter", "f", "filter",
                    "Provide filter values (e.g. \"driver=bridge\")", \.filters, FilterFlag.parse),
                .text(
                    "format", nil, "string",
                    "Format output using a custom template: 'table', 'table TEMPLATE', 'json' or"
                        + " 'TEMPLATE'", \.format),
                .switch("no-trunc", nil, "Do not truncate the output", \.isWhole),
                .switch("quiet", "q", "Only display network IDs", \.isQuiet),
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var filter = NetworkFilter()
        filter.conditions = filters.map { ($0.key, $0.value) }
        let networks = try session.engine().networks.list(filter)
        if isQuiet && format == nil {
            for network in networks {
                try session.output.writeLine(isWhole ? network.id : Table.shortID(network.id))
            }
            return .success
        }
        let listing = NetworkListing(isWhole: isWhole).listing(of: networks)
        try session.output.write(listing.text(in: try Format(format)))
        return .success
    }
}

/// `kade network inspect`.
struct InspectNetworkCommand: Command {
    var format: String?
    var isVerbose = false
    var names: [String] = []

    static var grammar: Grammar<InspectNetworkCommand> {
        Grammar(
            name: "inspect", synopsis: "[OPTIONS] NETWORK [NETWORK...]",
            summary: "Display detailed information on one or more networks",
            flags: [
                .text(
                    "format", "f", "string",
                    "Format output using a custom template: 'json' or 'TEMPLATE'", \.format),
                .switch("verbose", "v", "Verbose output for diagnostics", \.isVerbose),
            ], operands: .atLeast(1), assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let networks = try session.engine().networks
        var flags = InspectFlags()
        flags.format = format
        flags.names = names
        return try flags.run(in: session) { name throws(Problem) in try networks.inspect(name) }
    }
}

/// `kade network rm`.
struct RemoveNetworkCommand: Command {
    var isForced = false
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<RemoveNetworkCommand> {
        Grammar(
            name: "rm", synopsis: "NETWORK [NETWORK...]", summary: "Remove one or more networks",
            flags: [
                .switch("force", "f", "Do not error if the network does not exist", \.isForced)
            ], operands: .atLeast(1), assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let networks = try session.engine().networks
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            do throws(Problem) {
                try networks.remove(name)
            } catch  where error.kind == .notFound && isForced {
                return nil
            }
            return name
        }
    }
}

/// `kade network prune`.
struct PruneNetworksCommand: Command {
    var prune = PruneFlags()

    static let canPlan = true

    static var grammar: Grammar<PruneNetworksCommand> {
        Grammar(
            name: "prune", synopsis: "[OPTIONS]", summary: "Remove all unused networks",
            discussion: "A stopped container uses its networks: it can start again. Plugins of CNI"
                + " 1.1 are told who is on their networks, and remove what belongs to nobody (GC),"
                + " unless the network's file says disableGC. Without --filter only.",
            flags: PruneFlags.flags.map { $0.lifted(to: \.prune) }, operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let filter = try prune.conditions().networks
        let warning = "This will remove all custom networks not used by at least one container."
        guard try prune.isAgreed(warning, in: session) else { return .failure }
        let removed = try session.engine().networks.prune(filter)
        let report = PruneReport(session: session)
        try report.list("Deleted Networks:", removed.names)
        return try report.end(removed.problems)
    }
}

/// `kade network connect`.
struct ConnectNetworkCommand: Command {
    var ipv4: IPv4Address?
    var ipv6: IPv6Address?
    var gatewayPriority = 0
    var aliases: [String] = []
    var links: [String] = []
    var network = ""
    var container = ""

    static let canPlan = true

    static var grammar: Grammar<ConnectNetworkCommand> {
        Grammar(
            name: "connect", synopsis: "[OPTIONS] NETWORK CONTAINER",
            summary: "Connect a container to a network",
            flags: [
                .value(
                    "ip", nil, "ip", "IPv4 address (e.g., \"172.30.100.104\")", \.ipv4,
                    IPv4Flag.parse),
                .value(
                    "ip6", nil, "ip", "IPv6 address (e.g., \"2001:db8::33\")", \.ipv6,
                    IPv6Flag.parse),
                .setting(
                    "gw-priority", nil, "int", "Highest gw-priority provides the default gateway",
                    \.gatewayPriority, NumberValue.parseInt),
                .list(
                    "alias", nil, "strings", "Add network-scoped alias for the container",
                    \.aliases, AliasFlag.parse),
                .list(
                    "link", nil, "list", "Add link to another container", \.links,
                    LinkFlag.parse),
                .unsupported(
                    "link-local-ip", nil, "strings", why: "the kernel gives link-local addresses"),
                .unsupported("driver-opt", nil, "strings", why: "no driver has such options"),
            ], operands: .exactly(2),
            assign: { command, operands in
                command.network = operands[0]
                command.container = operands[1]
            })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var attachment = NetworkAttachment(network: network)
        attachment.ipv4 = ipv4
        attachment.ipv6 = ipv6
        attachment.gatewayPriority = gatewayPriority
        attachment.aliases = aliases
        attachment.links = links
        try session.engine().networks.connect(network, container: container, attachment)
        return .success
    }
}

/// `kade network disconnect`.
struct DisconnectNetworkCommand: Command {
    var isForced = false
    var network = ""
    var container = ""

    static let canPlan = true

    static var grammar: Grammar<DisconnectNetworkCommand> {
        Grammar(
            name: "disconnect", synopsis: "[OPTIONS] NETWORK CONTAINER",
            summary: "Disconnect a container from a network",
            flags: [
                .switch(
                    "force", "f", "Force the container to disconnect from a network", \.isForced)
            ], operands: .exactly(2),
            assign: { command, operands in
                command.network = operands[0]
                command.container = operands[1]
            })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let leftover = try session.engine().networks.disconnect(
            network, container: container, force: isForced)
        if let leftover { try session.warn(leftover) }
        return .success
    }
}
