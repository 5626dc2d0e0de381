package import Diagnostics
package import OCI

extension ContentStore {
    /// Stores an image's configuration, and the manifest that it and the layers make.
    ///
    /// Nothing names it yet. The same configuration and layers give the same manifest.
    ///
    /// - Parameters:
    ///   - configuration: with the diffIDs of the layers.
    ///   - layers: the blobs of the layers, the lowest first.
    ///   - annotations: the manifest's.
    ///   - isDockers: whether the types are those of Docker's schema 2, in the place of OCI's.
    ///   - lease: protects both until something names them.
    /// - Returns: the manifest's descriptor.
    /// - Throws: `.exhausted` when the disk is full.
    package func storeImage(
        _ configuration: ImageConfiguration, layers: [Descriptor],
        annotations: [String: String], isDockers: Bool, under lease: borrowing Lease
    ) throws(Problem) -> Descriptor {
        let bytes = configuration.json()
        let digest = ContentHasher.sha256(bytes)
        let type: MediaType = isDockers ? .dockerManifest : .manifest
        let manifest = Manifest(
            schemaVersion: 2, mediaType: type,
            config: Descriptor(
                mediaType: isDockers ? .dockerConfiguration : .configuration, digest: digest,
                size: Int64(bytes.count)),
            layers: isDockers ? layers.map(\.asDockers) : layers, annotations: annotations)
        let text = manifest.json()
        let descriptor = Descriptor(
            mediaType: type, digest: ContentHasher.sha256(text), size: Int64(text.count))
        try lease.protect([digest, descriptor.digest])
        try store(bytes)
        try store(text)
        return descriptor
    }
}

extension Descriptor {
    /// A layer under Docker's name for its type.
    fileprivate var asDockers: Descriptor {
        var layer = self
        if let compression = mediaType.layerCompression, !mediaType.isNondistributable {
            layer.mediaType = MediaType(layer: compression, isDockers: true)
        }
        return layer
    }
}
