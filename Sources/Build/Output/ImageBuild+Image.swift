package import Diagnostics
import Engine
package import OCI
import Storage

/// An image that a build made.
package struct BuiltImage: Sendable {
    /// `sha256:…` of the configuration: the image's ID.
    package var id: Digest
    /// The manifest.
    package var manifest: Descriptor
    /// The full references that name it.
    package var names: [String]
}

extension ImageBuild {
    /// Keeps a stage as an image of the store, under the tags of the request.
    ///
    /// The same stage gives the same image on another day and machine: all times are the stage's.
    package func makeImage(of result: StageResult) throws(Problem) -> BuiltImage {
        let configuration = result.configuration.json()
        let config = Descriptor(
            mediaType: .configuration, digest: ContentHasher.sha256(configuration),
            size: Int64(configuration.count))
        let manifest = Manifest(
            schemaVersion: 2, mediaType: .manifest, config: config,
            layers: result.layers.map(\.descriptor))
        let text = manifest.json()
        let descriptor = Descriptor(
            mediaType: .manifest, digest: ContentHasher.sha256(text), size: Int64(text.count))
        try lease.protect([config.digest, descriptor.digest])
        try store.store(configuration)
        try store.store(text)
        var names: [String] = []
        for tag in request.tags {
            let reference = try ImageReference(parsing: tag).withDefaultTag
            try store.name(reference, descriptor)
            names.append("\(reference)")
        }
        if names.isEmpty { try store.references.keep(descriptor) }
        return BuiltImage(id: config.digest, manifest: descriptor, names: names)
    }
}

extension StageResult {
    /// What an image of the stage says of itself.
    var configuration: ImageConfiguration {
        ImageConfiguration(
            created: created, author: state.author, architecture: platform.architecture,
            os: platform.os, osVersion: platform.osVersion, osFeatures: platform.osFeatures,
            variant: platform.variant, config: state.defaults,
            rootfs: .init(type: .layers, diffIDs: diffIDs), history: history)
    }
}
