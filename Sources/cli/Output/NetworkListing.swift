import Engine
import OCI

/// The rows of `network ls`, as Docker's formatter has them (docker/cli, command/network).
struct NetworkListing {
    /// `--no-trunc`: IDs are whole.
    let isWhole: Bool

    func listing(of networks: [NetworkSummary]) -> Listing {
        Listing(
            columns: [
                .init(member: "ID", title: "NETWORK ID"), .init(member: "Name", title: "NAME"),
                .init(member: "Driver", title: "DRIVER"), .init(member: "Scope", title: "SCOPE"),
            ], titles: Self.titles, rows: networks.map(row))
    }

    private func row(_ network: NetworkSummary) -> JSONObject {
        let labels = network.labels.sorted { $0.key < $1.key }
        return [
            "CreatedAt": .string(LocalTime.text(of: network.created)),
            "Driver": .string(network.driver),
            "ID": .string(isWhole ? network.id : Table.shortID(network.id)),
            "IPv4": .string("\(network.hasIPv4)"), "IPv6": .string("\(network.hasIPv6)"),
            "Internal": .string("\(network.isInternal)"),
            "Label": .object(JSONObject(labels.map { .init($0.key, .string($0.value)) })),
            "Labels": .string(labels.map { "\($0.key)=\($0.value)" }.joined(separator: ",")),
            "Name": .string(network.name), "Scope": "local",
        ]
    }

    private static let titles: JSONObject = [
        "CreatedAt": "CREATED AT", "Driver": "DRIVER", "ID": "NETWORK ID", "IPv4": "IPV4",
        "IPv6": "IPV6", "Internal": "INTERNAL", "Label": "", "Labels": "LABELS", "Name": "NAME",
        "Scope": "SCOPE",
    ]
}
