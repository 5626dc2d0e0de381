import Engine
import OCI

/// The rows of `images`, as Docker's formatter has them (docker/cli, formatter/image.go).
struct ImageListing {
    /// `--no-trunc`: IDs are whole.
    let isWhole: Bool
    let showsDigests: Bool
    let now: Timestamp

    func listing(of images: [ImageSummary]) -> Listing {
        var columns: [Listing.Column] = [
            .init(member: "Repository", title: "REPOSITORY"), .init(member: "Tag", title: "TAG"),
        ]
        if showsDigests { columns.append(.init(member: "Digest", title: "DIGEST")) }
        columns += [
            .init(member: "ID", title: "IMAGE ID"), .init(member: "CreatedSince", title: "CREATED"),
            .init(member: "Size", title: "SIZE"),
        ]
        return Listing(columns: columns, titles: Self.titles, rows: images.map(row))
    }

    private func row(_ image: ImageSummary) -> JSONObject {
        [
            "CreatedAt": .string(image.created.map(LocalTime.text) ?? "N/A"),
            "CreatedSince": .string(HumanUnits.ago(image.created, now: now)),
            "Digest": .string(image.digest),
            "ID": .string(isWhole ? image.id : Table.shortID(image.id)),
            "Repository": .string(image.repository),
            "Size": .string(HumanUnits.size(image.sizeInBytes, digits: 3)),
            "Tag": .string(image.tag),
        ]
    }

    private static let titles: JSONObject = [
        "CreatedAt": "CREATED AT", "CreatedSince": "CREATED", "Digest": "DIGEST", "ID": "IMAGE ID",
        "Repository": "REPOSITORY", "Size": "SIZE", "Tag": "TAG",
    ]
}
