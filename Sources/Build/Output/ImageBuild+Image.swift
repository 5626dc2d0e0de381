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

/// What an image of a build is like, apart from what is in it.
package struct ImageForm: Sendable, Equatable {
    /// The names in the place of the request's.
    package var names: [String] = []
    /// Whether manifests have the media types of Docker's schema 2.
    package var isDockers = false
    /// What its layers become; nil leaves them plain.
    package var encoding: LayerEncoding?
    /// Remarks beside those of the request.
    package var annotations: [ImageAnnotation] = []

    package init() {}

    /// The remarks for a place, by their names; the last one of a name counts.
    func annotations(
        of place: ImageAnnotation.Place, for platform: Platform?, and request: BuildRequest
    ) -> [String: String] {
        var found: [String: String] = [:]
        for annotation in request.annotations + annotations where annotation.place == place {
            let isMeant = annotation.platform == nil || annotation.platform == platform
            if isMeant { found[annotation.name] = annotation.value }
        }
        return found
    }
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
    /// Layers are compressed before anything is attested of the image, whose digest is named then.
    package func makeManifest(
        of result: StageResult, as form: ImageForm
    ) throws(Problem) -> BuiltManifest {
        var configuration = result.configuration
        configuration.unknownFields[CacheImage.member] = inlineCache
        let stage = result.platform
        let platform = Platform(
            os: stage.os, architecture: stage.architecture, variant: stage.variant,
            osVersion: stage.osVersion, osFeatures: stage.osFeatures)
        var descriptor = try withLease { lease throws(Problem) in
            try store.storeImage(
                configuration, layers: result.layers.map(\.descriptor),
                annotations: form.annotations(of: .manifest, for: platform, and: request),
                isDockers: form.isDockers, under: lease)
        }
        var id = ContentHasher.sha256(configuration.json())
        if let encoding = form.encoding {
            let plain = descriptor
            descriptor = try withLease { lease throws(Problem) in
                try engine.steps.encode(plain, as: encoding, under: lease)
            }
            id = try Manifest(
                json: try store.document(descriptor.digest), named: "\(descriptor.digest)"
            ).config.digest
        }
        descriptor.platform = platform
        descriptor.annotations = form.annotations(
            of: .manifestDescriptor, for: platform, and: request)
        return BuiltManifest(
            configuration: id, descriptor: descriptor,
            attestation: try attest(
                descriptor, result, names: form.names.isEmpty ? request.tags : form.names))
    }

    /// Names manifests under the tags of the request, or the form's: several of them as an index.
    ///
    /// The builds that made them must live up to now, since they protect them.
    package func makeImage(
        of manifests: [BuiltManifest], as form: ImageForm
    ) throws(Problem) -> BuiltImage {
        var image: BuiltImage
        if let only = manifests.first, manifests.count == 1, only.attestation == nil,
            !request.wantsIndex
        {
            let all = request.annotations + form.annotations
            if let lost = all.first(where: { $0.place != .manifest }) {
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
            let type: MediaType = form.isDockers ? .dockerManifestList : .index
            let index = ImageIndex(
                schemaVersion: 2, mediaType: type,
                manifests: manifests.map(\.descriptor) + manifests.compactMap(\.attestation),
                annotations: form.annotations(of: .index, for: nil, and: request))
            let text = index.json()
            let descriptor = Descriptor(
                mediaType: type, digest: ContentHasher.sha256(text), size: Int64(text.count))
            try protect([descriptor.digest])
            try store.store(text)
            image = BuiltImage(
                id: descriptor.digest, configuration: nil, manifest: descriptor, names: [])
        }
        for tag in form.names.isEmpty ? request.tags : form.names {
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
