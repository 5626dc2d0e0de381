package import Diagnostics
package import OCI

/// Images of Docker's schema 2, told in the words of OCI.
///
/// Both formats say the same, under other media types, and name the same configuration and layers.
/// skopeo and all that is built on containers/image pass over entries of an `index.json` that are
/// not of OCI's types: they do not find such an image by its name. So the store gives it a second
/// entry of the same name, for a translated manifest. Kade itself goes by the first one, whose
/// digest is the registry's.
extension ContentStore {
    /// Makes a reference name a manifest or index, and its translation where one is needed.
    package func name(_ reference: ImageReference, _ descriptor: Descriptor) throws(Problem) {
        guard descriptor.mediaType.isDockersManifest else {
            return try references.set(reference, to: descriptor)
        }
        let lease = SharedLease(try lease())  // until the reference keeps it
        defer { lease.end() }
        try references.set(
            reference, to: descriptor,
            translation: try storeTranslation(of: descriptor, under: lease))
    }

    /// Stores what other tools find under the names of one of Docker's manifests.
    ///
    /// - Returns: nil where they find the manifest itself.
    package func storeTranslation(
        of descriptor: Descriptor, under lease: SharedLease
    ) throws(Problem) -> Descriptor? {
        guard let text = try translation(of: descriptor)?.json() else { return nil }
        let translation = Descriptor(
            mediaType: .manifest, digest: ContentHasher.sha256(text), size: Int64(text.count))
        try lease.protect([translation.digest])
        try store(text)
        return translation
    }

    /// One of Docker's manifests as OCI writes it.
    ///
    /// - Returns: nil for what is OCI's already, and where the manifest's own image is not here.
    package func translation(of descriptor: Descriptor) throws(Problem) -> Manifest? {
        guard descriptor.mediaType.isDockersManifest else { return nil }
        // Of a list the store has one platform, the one that was pulled.
        guard let manifest = try images(of: descriptor).first?.manifest else { return nil }
        return translated(manifest)
    }

    /// A manifest with OCI's types in the place of Docker's; nil where a layer has another type.
    package func translated(_ manifest: Manifest) -> Manifest? {
        var manifest = manifest
        manifest.mediaType = .manifest
        manifest.config.mediaType = .configuration
        for index in manifest.layers.indices {
            guard let type = manifest.layers[index].mediaType.translated else { return nil }
            manifest.layers[index].mediaType = type
        }
        return manifest
    }
}

extension MediaType {
    /// Whether it is one of Docker's manifests, which other tools pass over.
    fileprivate var isDockersManifest: Bool {
        self == .dockerManifest || self == .dockerManifestList
    }

    /// OCI's type for a layer; nil for what is none.
    fileprivate var translated: MediaType? {
        if rawValue.hasPrefix("application/vnd.oci.") { return layerCompression.map { _ in self } }
        if self == .dockerForeignLayer {
            return MediaType(
                rawValue: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")
        }
        return layerCompression.map { MediaType(layer: $0, isDockers: false) }
    }
}
