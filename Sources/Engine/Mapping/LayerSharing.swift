import Diagnostics
import OCI
import Storage

/// Who has a layer, among the images and containers of a data root.
struct LayerSharing {
    private let images: [ImageStore.Image]
    private let containers: [ContainerRecord]

    init(_ images: [ImageStore.Image], _ containers: [ContainerRecord]) {
        self.images = images
        self.containers = containers
    }

    /// Other images that have the layer, the one with this ID left out.
    func images(with diffID: Digest, except id: String) -> [String] {
        var names: [String] = []
        for image in images
        where "\(image.id)" != id && image.configuration.rootfs.diffIDs.contains(diffID) {
            let name = "image \(image.familiarName ?? "\(image.id)")"
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// Containers on the layer, the one with this ID left out.
    func containers(on diffID: Digest, except id: String?) -> [String] {
        containers.filter { $0.id != id && $0.layers.contains("\(diffID)") }
            .map { "container \($0.name)" }
    }
}
