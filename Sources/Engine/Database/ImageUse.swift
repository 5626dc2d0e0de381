import Diagnostics

/// An image whose files a container mounts (`--mount type=image`).
struct ImageUse: Sendable, Equatable {
    /// The path inside the container.
    var target: String
    /// `sha256:…` of the image's configuration.
    var image: String
    /// The diffIDs of the image's layers, the lowest first.
    var layers: [String]
}

/// The rows of images that containers mount.
extension Transaction {
    /// Notes that a container mounts an image.
    func use(_ image: ImageUse, by id: String) throws(Problem) {
        try connection.execute(
            "INSERT INTO containerImages (container, target, image, layers) VALUES (?, ?, ?, ?)",
            .text(id), .text(image.target), .text(image.image),
            .text(image.layers.joined(separator: " ")))
    }

    /// The images that a container mounts; all containers' for nil.
    func mountedImages(ofContainer id: String?) throws(Problem) -> [ImageUse] {
        let columns = "SELECT target, image, layers FROM containerImages"
        let read = { (row: SQLiteStatement) throws(Problem) -> ImageUse in
            ImageUse(
                target: try row.text(0), image: try row.text(1),
                layers: try row.text(2).split(separator: " ").map(String.init))
        }
        guard let id else { return try connection.rows(columns, read: read) }
        return try connection.rows("\(columns) WHERE container = ?", .text(id), read: read)
    }
}
