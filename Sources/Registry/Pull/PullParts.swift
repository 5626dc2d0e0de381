import OCI

/// All content that a pull brings.
struct PullParts: Sendable {
    /// Manifests and indexes.
    var documents: [ManifestDocument] = []
    /// Configurations, which have come already.
    var configurations: [Descriptor] = []
    /// Layers and other blobs, each once.
    private(set) var blobs: [Blob] = []
    /// The manifests whose blobs are listed.
    var images: Set<Digest> = []
    /// The configuration of the image that the reference means here.
    var image: Digest?

    /// A blob, and its digest unpacked where it shall be unpacked.
    struct Blob: Sendable {
        var descriptor: Descriptor
        var diffID: Digest?
    }

    mutating func add(_ descriptor: Descriptor, diffID: Digest?) {
        // A layer that occurs twice comes once, and one to be unpacked was added first.
        guard !blobs.contains(where: { $0.descriptor.digest == descriptor.digest }) else { return }
        blobs.append(Blob(descriptor: descriptor, diffID: diffID))
    }

    /// The digests to protect while they arrive.
    var digests: [Digest] {
        documents.map(\.digest) + configurations.map(\.digest) + blobs.map(\.descriptor.digest)
            + blobs.compactMap(\.diffID)
    }
}
