package import Diagnostics
import OCI
import Storage

/// One layer of an image, as `image tree` shows it.
package struct ImageLayer: Sendable {
    /// `sha256:…` of the uncompressed archive.
    package let diffID: String
    /// Of its files.
    package let sizeInBytes: Int64
    /// The names of images that end with this layer.
    package let topLayerOf: [String]
}

/// An image and its layers.
package struct ImageTree: Sendable {
    package let id: String
    package let names: [String]
    package let sizeInBytes: Int64
    /// The lowest first.
    package let layers: [ImageLayer]
}

extension ImageService {
    /// An image's layers, and which other images end with each.
    package func tree(_ name: String) throws(Problem) -> ImageTree {
        let store = try context.imageStore()
        let image = try store.image(named: name, platform: nil)
        let all = try store.readableImages()
        let diffIDs = image.configuration.rootfs.diffIDs
        var layers: [ImageLayer] = []
        for (index, diffID) in diffIDs.enumerated() {
            let chain = diffIDs[...index]
            let owners = all.filter { $0.configuration.rootfs.diffIDs[...] == chain }
            layers.append(
                ImageLayer(
                    diffID: "\(diffID)", sizeInBytes: try store.sizeInBytes(ofLayers: [diffID]),
                    topLayerOf: owners.compactMap(\.familiarName)))
        }
        return ImageTree(
            id: "\(image.id)",
            names: all.filter { $0.id == image.id }.compactMap(\.familiarName),
            sizeInBytes: try store.sizeInBytes(of: image), layers: layers)
    }

    /// The platforms of each image, as `images --tree` shows them.
    package func platforms(_ images: [ImageSummary]) throws(Problem) -> [ImagePlatforms] {
        let store = try context.imageStore()
        let used = try context.database.read { database throws(Problem) in
            Set(try database.containers().map(\.imageID))
        }
        var rows: [ImagePlatforms] = []
        for summary in images {
            let descriptor = try store.content.references.list().first {
                "\($0.descriptor.digest)" == summary.digest
            }?.descriptor
            guard let descriptor else { continue }  // removed meanwhile
            let children = try store.variants(of: descriptor)
            if let index = rows.firstIndex(where: { $0.digest == summary.digest }) {
                rows[index].names += summary.shownName.map { [$0] } ?? []
                continue
            }
            rows.append(
                ImagePlatforms(
                    names: summary.shownName.map { [$0] } ?? [], digest: summary.digest,
                    isUsed: children.contains { used.contains($0.id) }, variants: children))
        }
        return rows
    }
}

/// An image by its manifest or index, and what it is for each platform.
package struct ImagePlatforms: Sendable {
    package var names: [String]
    package let digest: String
    /// Whether a container uses it.
    package let isUsed: Bool
    package let variants: [Variant]

    /// An image for one platform.
    package struct Variant: Sendable {
        package let platform: String
        /// The digest of its configuration; that of its manifest where the store lacks it.
        package let id: String
        /// Of its unpacked layers.
        package let unpackedInBytes: Int64
        /// Of its blobs; 0 where the store lacks them.
        package let contentInBytes: Int64
    }

    /// All that it takes on disk, layers that it shares with others included.
    package var unpackedInBytes: Int64 { variants.reduce(0) { $0 + $1.unpackedInBytes } }
    package var contentInBytes: Int64 { variants.reduce(0) { $0 + $1.contentInBytes } }
}

extension ImageStore {
    /// The images of a manifest or index for each platform, also those that are not here.
    func variants(of descriptor: Descriptor) throws(Problem) -> [ImagePlatforms.Variant] {
        guard let bytes = try content.documentIfHere(descriptor.digest) else {
            let platform = descriptor.platform.map { "\($0)" } ?? "unknown"
            return [
                .init(
                    platform: platform, id: "\(descriptor.digest)", unpackedInBytes: 0,
                    contentInBytes: 0)
            ]
        }
        if descriptor.mediaType.isIndex {
            var variants: [ImagePlatforms.Variant] = []
            let index = try ImageIndex(json: bytes, named: "\(descriptor.digest)")
            for child in index.manifests where !child.isAttestation {
                variants += try self.variants(of: child)
            }
            return variants
        }
        guard let image = try content.images(of: descriptor).first else { return [] }
        var size =
            descriptor.size + (try content.sizeInBytes(of: image.manifest.config.digest) ?? 0)
        for layer in image.manifest.layers {
            size += try content.sizeInBytes(of: layer.digest) ?? 0
        }
        let platform = Platform(
            os: image.configuration.os, architecture: image.configuration.architecture,
            variant: image.configuration.variant)
        return [
            .init(
                platform: "\(platform)", id: "\(image.manifest.config.digest)",
                unpackedInBytes: try sizeInBytes(
                    ofLayers: image.configuration.rootfs.diffIDs), contentInBytes: size)
        ]
    }
}

extension ImageStore.Image {
    /// The name as Docker shows it; nil for an image without one.
    var familiarName: String? {
        // A name that another tool wrote and that is no reference is shown as it is.
        name.map { name in (try? ImageReference(parsing: name))?.familiar ?? name }
    }
}

extension ImageSummary {
    /// The name as Docker shows it; nil for an image without one.
    fileprivate var shownName: String? {
        reference.map { _ in tag == "<none>" ? repository : "\(repository):\(tag)" }
    }
}
