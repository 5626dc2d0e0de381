package import Diagnostics
package import OCI

/// A manifest of the store with its configuration.
package struct StoredImage: Sendable {
    package var manifest: Manifest
    package var configuration: ImageConfiguration
}

extension ContentStore {
    /// Manifests, indexes and configurations are small; what is larger is none.
    private static let documentLimitInBytes = 16 << 20

    /// Reads a manifest, an index or a configuration and verifies its digest.
    package func document(_ digest: Digest) throws(Problem) -> [UInt8] {
        try read(digest, limitInBytes: Self.documentLimitInBytes)
    }

    /// ``document(_:)``, or nil when it is not here.
    package func documentIfHere(_ digest: Digest) throws(Problem) -> [UInt8]? {
        try readIfHere(digest, limitInBytes: Self.documentLimitInBytes)
    }

    /// The container images that a manifest or index leads to, as far as they are here.
    package func images(of descriptor: Descriptor) throws(Problem) -> [StoredImage] {
        guard let bytes = try documentIfHere(descriptor.digest) else { return [] }
        if descriptor.mediaType.isIndex {
            let index = try ImageIndex(json: bytes, named: "\(descriptor.digest)")
            var images: [StoredImage] = []
            for child in index.manifests { images += try self.images(of: child) }
            return images
        }
        guard descriptor.mediaType.isManifest else { return [] }
        let manifest = try Manifest(json: bytes, named: "\(descriptor.digest)")
        let config = manifest.config
        guard config.mediaType.isImageConfiguration,
            let text = try documentIfHere(config.digest)
        else { return [] }
        let configuration = try ImageConfiguration(json: text, named: "\(config.digest)")
        return [StoredImage(manifest: manifest, configuration: configuration)]
    }
}
