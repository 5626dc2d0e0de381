import Engine
import OCI

/// The rows of `ps`, as Docker's formatter has them (docker/cli, formatter/container.go).
struct ContainerListing {
    /// `--no-trunc`: IDs and commands are whole.
    let isWhole: Bool
    /// `--size`: the table has a column for it.
    let showsSize: Bool
    let now: Timestamp

    func listing(of containers: [ContainerSummary]) -> Listing {
        Listing(
            columns: [
                .init(member: "ID", title: "CONTAINER ID"), .init(member: "Image", title: "IMAGE"),
                .init(member: "Command", title: "COMMAND"),
                .init(member: "RunningFor", title: "CREATED"),
                .init(member: "Status", title: "STATUS"), .init(member: "Ports", title: "PORTS"),
                .init(member: "Names", title: "NAMES"),
            ] + (showsSize ? [.init(member: "Size", title: "SIZE")] : []), titles: Self.titles,
            rows: containers.map(row))
    }

    private func row(_ container: ContainerSummary) -> JSONObject {
        let command = container.command.joined(separator: " ")
        let labels = container.labels.sorted { $0.key < $1.key }
        let mounts = container.mounts.map { isWhole ? $0 : Table.ellipsis($0, 15) }
        return [
            "Command": .string("\"\(isWhole ? command : Table.ellipsis(command, 20))\""),
            "CreatedAt": .string(LocalTime.text(of: container.created)),
            "ID": .string(isWhole ? container.id : Table.shortID(container.id)),
            "Image": .string(image(of: container)),
            "Label": .object(
                JSONObject(labels.map { .init($0.key, .string($0.value)) })),
            "Labels": .string(labels.map { "\($0.key)=\($0.value)" }.joined(separator: ",")),
            "LocalVolumes": .string("\(container.mounts.count { !$0.hasPrefix("/") })"),
            "Mounts": .string(mounts.joined(separator: ",")),
            "Names": .string(container.name),
            "Networks": .string(container.networks.joined(separator: ",")),
            "Ports": .string(PortColumn.text(of: container)),
            "RunningFor": .string(HumanUnits.ago(container.created, now: now)),
            "State": .string(container.state.word),
            "Size": .string(size(of: container)),
            "Status": .string(container.status(at: now)),
        ]
    }

    /// `2B (virtual 4.3MB)`; a size that was not asked for is 0B, as in Docker.
    private func size(of container: ContainerSummary) -> String {
        guard let size = container.size else { return "0B" }
        let written = HumanUnits.size(size.writableInBytes, digits: 3)
        guard size.rootfsInBytes > 0 else { return written }
        return "\(written) (virtual \(HumanUnits.size(size.rootfsInBytes, digits: 3)))"
    }

    /// An image that was given by its whole ID is shown short, as every ID.
    private func image(of container: ContainerSummary) -> String {
        let isID = Digest.hash(namedBy: container.image) != container.image && !isWhole
        return isID ? Table.shortID(container.image) : container.image
    }

    private static let titles: JSONObject = [
        "Command": "COMMAND", "CreatedAt": "CREATED AT", "ID": "CONTAINER ID", "Image": "IMAGE",
        "Label": "", "Labels": "LABELS", "LocalVolumes": "LOCAL VOLUMES", "Mounts": "MOUNTS",
        "Names": "NAMES", "Networks": "NETWORKS", "Ports": "PORTS", "RunningFor": "CREATED",
        "Size": "SIZE", "State": "STATE", "Status": "STATUS",
    ]
}
