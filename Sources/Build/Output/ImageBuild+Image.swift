package import Diagnostics
import Engine
package import OCI
import Storage

/// What a build made for one platform.
package struct BuiltManifest: Sendable {
    /// The digest of the configuration.
    package var configuration: Digest
    package var descriptor: Descriptor
    /// The manifest of what is attested of it (`--provenance`, `--sbom`).
    package var attestation: Descriptor?
}

/// An image that a build made.
package struct BuiltImage: Sendable {
    /// `sha256:…`: of the configuration, or of the index where there is one.
    package var id: Digest
    /// The digest of the configuration; nil for an index.
    package var configuration: Digest?
    /// The manifest, or the index of several.
    package var manifest: Descriptor
    /// The full references that name it.
    package var names: [String]
}

extension ImageBuild {
    /// Keeps a stage as a manifest of the store, which nothing names yet.
    ///
    /// The same stage gives the same manifest on another day and machine: all times are the stage's.
    package func makeManifest(of result: StageResult) throws(Problem) -> BuiltManifest {
        var configuration = result.configuration
        configuration.unknownFields[CacheImage.member] = inlineCache
        let stage = result.platform
        let platform = Platform(
            os: stage.os, architecture: stage.architecture, variant: stage.variant,
            osVersion: stage.osVersion, osFeatures: stage.osFeatures)
        var descriptor = try store.storeImage(
            configuration, layers: result.layers.map(\.descriptor),
            annotations: request.annotations(of: .manifest, for: platform), under: lease)
        descriptor.platform = platform
        descriptor.annotations = request.annotations(of: .manifestDescriptor, for: platform)
        return BuiltManifest(
            configuration: ContentHasher.sha256(configuration.json()), descriptor: descriptor,
            attestation: try attest(descriptor, result))
    }

    /// Names manifests under the tags of the request: several of them as an index.
    ///
    /// The builds that made them must live up to now, since they protect them.
    package func makeImage(of manifests: [BuiltManifest]) throws(Problem) -> BuiltImage {
        var image: BuiltImage
        if let only = manifests.first, manifests.count == 1, only.attestation == nil {
            if let lost = request.annotations.first(where: { $0.place != .manifest }) {
                throw Problem(
                    kind: .invalid,
                    what: "cannot set the annotation \(lost.place.rawValue):\(lost.name)",
                    why: "one platform without attestations makes no index",
                    fix: "set it in the manifest: \(lost.name)=\(lost.value)")
            }
            var descriptor = only.descriptor
            descriptor.platform = nil
            image = BuiltImage(
                id: only.configuration, configuration: only.configuration, manifest: descriptor,
                names: [])
        } else {
            let index = ImageIndex(
                schemaVersion: 2, mediaType: .index,
                manifests: manifests.map(\.descriptor) + manifests.compactMap(\.attestation),
                annotations: request.annotations(of: .index, for: nil))
            let text = index.json()
            let descriptor = Descriptor(
                mediaType: .index, digest: ContentHasher.sha256(text), size: Int64(text.count))
            try lease.protect([descriptor.digest])
            try store.store(text)
            image = BuiltImage(
                id: descriptor.digest, configuration: nil, manifest: descriptor, names: [])
        }
        for tag in request.tags {
            let reference = try ImageReference(parsing: tag).withDefaultTag
            try store.name(reference, image.manifest)
            image.names.append("\(reference)")
        }
        if image.names.isEmpty { try store.references.keep(image.manifest) }
        return image
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
