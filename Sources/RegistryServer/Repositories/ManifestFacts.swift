import Diagnostics
import OCI

/// What a registry needs to know of a manifest or an index.
struct ManifestFacts: Sendable, Equatable {
    var descriptor: Descriptor
    /// What an index names.
    var children: [Descriptor] = []
    /// The configuration and the layers.
    var blobs: [Descriptor] = []
    var subject: Digest?
    /// The artifact's type, by the rules of the referrers' list.
    var artifactType: String?
    var annotations: [String: String] = [:]

    /// Reads a document.
    ///
    /// - Throws: `.invalid` when it is not what its descriptor says.
    init(of bytes: [UInt8], _ descriptor: Descriptor) throws(Problem) {
        self.descriptor = descriptor
        let name = "the manifest"
        if descriptor.mediaType.isIndex {
            let index = try ImageIndex(json: bytes, named: name)
            try Self.check(version: index.schemaVersion)
            children = index.manifests
            subject = index.subject?.digest
            artifactType = index.artifactType.flatMap { $0.isEmpty ? nil : $0 }
            annotations = index.annotations
        } else {
            let manifest = try Manifest(json: bytes, named: name)
            try Self.check(version: manifest.schemaVersion)
            blobs = [manifest.config] + manifest.layers
            subject = manifest.subject?.digest
            artifactType =
                manifest.artifactType.flatMap { $0.isEmpty ? nil : $0 }
                ?? manifest.config.mediaType.rawValue
            annotations = manifest.annotations
        }
    }

    /// The blobs that have to be here before the manifest may come.
    var neededBlobs: [Descriptor] {
        blobs.filter { !$0.mediaType.isNondistributable && $0.urls.isEmpty }
    }

    /// How the referrers' list shows it.
    var referrer: Descriptor {
        Descriptor(
            mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size,
            annotations: annotations, artifactType: artifactType)
    }

    private static func check(version: Int) throws(Problem) {
        guard version == 2 else {
            throw Problem(
                kind: .invalid, what: "cannot take the manifest",
                why: "its schemaVersion is \(version), not 2")
        }
    }
}
