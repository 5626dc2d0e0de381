import OCI

/// What is in a repository: manifests that its entries lead to, and their blobs.
struct RepositoryContents: Sendable {
    /// What each tag names.
    var tags: [String: Descriptor] = [:]
    /// The manifests and indexes.
    var manifests: [Digest: Descriptor] = [:]
    /// Each blob, and a manifest that needs it.
    var blobs: [Digest: Digest] = [:]
    /// Each child of an index, and an index that names it.
    var parents: [Digest: Digest] = [:]
    /// The manifests that say they are about a manifest.
    var referrers: [Digest: [Digest]] = [:]
    /// The manifests with a name of this registry's own.
    var own: Set<Digest> = []

    var isEmpty: Bool { manifests.isEmpty }
}
