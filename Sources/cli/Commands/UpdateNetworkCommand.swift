import Diagnostics
import Engine
import Networking

/// `kade network update`: Podman's.
struct UpdateNetworkCommand: Command {
    var added: [[IPAddress]] = []
    var dropped: [[IPAddress]] = []
    var name = ""

    static let canPlan = true

    static var grammar: Grammar<UpdateNetworkCommand> {
        Grammar(
            name: "update", synopsis: "[OPTIONS] NETWORK",
            summary: "Change which name servers a network asks",
            discussion:
                "Names of containers are the network's own. Other names go to the servers of"
                + " the network, asked from inside of the containers, or to the host's where the"
                + " network has none. Containers that run ask the new ones at once; those of kade"
                + " run --dns go before.",
            flags: [
                .list(
                    "dns-add", nil, "strings", "Add name servers: IP,…", \.added,
                    AddressListFlag.parse),
                .list(
                    "dns-drop", nil, "strings", "Drop name servers: IP,…", \.dropped,
                    AddressListFlag.parse),
            ], operands: .exactly(1), assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var change = NetworkUpdate()
        change.addedServers = Array(added.joined())
        change.droppedServers = Array(dropped.joined())
        guard !change.addedServers.isEmpty || !change.droppedServers.isEmpty else {
            throw Problem(
                kind: .invalid, what: "cannot update network \(name)",
                why: "nothing is said that could change", fix: "use --dns-add or --dns-drop")
        }
        try session.engine().networks.update(name, change)
        try session.output.writeLine(name)
        return .success
    }
}

/// Addresses with commas between them.
enum AddressListFlag {
    static func parse(_ text: String) throws(InvalidValue) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let address = IPAddress(part) else {
                throw InvalidValue(
                    "'\(part)' is no IP address", fix: "use addresses, as 192.0.2.53")
            }
            addresses.append(address)
        }
        return addresses
    }
}
