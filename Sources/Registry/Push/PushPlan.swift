import Diagnostics
import OCI
import Storage

/// What has to go to a registry for a name of the store, in its order.
///
/// A registry refuses a manifest whose parts it does not have: first blobs, then manifests, then the
/// indexes that list them.
struct PushPlan: Sendable, Equatable {
    /// Configurations and layers, each once.
    var blobs: [Descriptor]
    /// Manifests and indexes, each after its parts, without ``top``.
    var manifests: [Descriptor]
    /// What the reference shall name.
    var top: Descriptor
    /// What the user should know.
    var note: String?

    /// How deep indexes may nest.
    private static let deepestNesting = 4

    /// Plans to push what a name of the store stands for.
    ///
    /// A pull brings one platform of an index. Where nothing else is here, that one's manifest is
    /// pushed alone: an index that names what the registry does not have would be refused.
    ///
    /// - Parameters:
    ///   - descriptor: what the name stands for.
    ///   - platform: the one platform to push; nil means all that there is.
    ///   - whole: whether all of an index is pushed though layers are not here: the registry may have
    ///     them.
    ///   - store: where the content is.
    ///   - purpose: what cannot be done otherwise, for the error.
    /// - Throws: `.notFound` when content is missing; `.conflict` when some platforms of an index
    ///   are here and others are not.
    init(
        of descriptor: Descriptor, platform: Platform?, whole: Bool, in store: ContentStore,
        purpose: String
    ) throws(Problem) {
        let all = try Gathering(of: descriptor, in: store)
        if whole, all.firstMissingManifest == nil {
            self.init(all)
            return
        }
        if let platform {
            let images = try Self.images(of: descriptor, in: store)
            let index = ImageIndex(schemaVersion: 2, manifests: images)
            let chosen = try index.selectManifest(for: platform, named: "the image")
            try self.init(try Gathering(of: chosen, in: store), purpose: purpose)
            return
        }
        guard descriptor.mediaType.isIndex, !whole, all.firstMissing != nil else {
            try self.init(all, purpose: purpose)
            return
        }
        var complete: [Gathering] = []
        for image in try Self.images(of: descriptor, in: store) {
            let parts = try Gathering(of: image, in: store)
            if parts.firstMissing == nil { complete.append(parts) }
        }
        guard let only = complete.first, complete.count == 1 else {
            throw Problem(
                kind: complete.isEmpty ? .notFound : .conflict, what: purpose,
                why: complete.isEmpty
                    ? "no platform's image is whole in the store"
                    : "the store has some platforms of it and not all: "
                        + complete.compactMap { $0.top.platform?.description }.joined(
                            separator: ", "),
                fix: complete.isEmpty
                    ? "pull it again" : "push one of them with --platform")
        }
        try self.init(only, purpose: purpose)
        note =
            "Not all multiplatform-content is present and only the available single-platform image "
            + "was pushed\n\(descriptor.digest) -> \(top.digest)"
    }

    private init(_ parts: Gathering, purpose: String) throws(Problem) {
        if let missing = parts.firstMissing {
            throw Problem(
                kind: .notFound, what: purpose, why: "\(missing) is not in the store any more",
                fix: "pull, load or build the image again")
        }
        self.init(parts)
    }

    private init(_ parts: Gathering) {
        blobs = parts.blobs
        manifests = parts.manifests
        top = parts.top
    }

    /// The manifests of images that an index leads to, with the platform of each.
    private static func images(
        of descriptor: Descriptor, in store: ContentStore, depth: Int = 0
    ) throws(Problem) -> [Descriptor] {
        guard depth <= deepestNesting, let bytes = try store.documentIfHere(descriptor.digest)
        else { return [] }
        if descriptor.mediaType.isIndex {
            let index = try ImageIndex(json: bytes, named: "\(descriptor.digest)")
            var images: [Descriptor] = []
            for child in index.manifests where !child.isAttestation {
                images += try Self.images(of: child, in: store, depth: depth + 1)
            }
            return images
        }
        guard let image = try store.images(of: descriptor).first else { return [] }
        var manifest = descriptor
        let configuration = image.configuration
        manifest.platform = Platform(
            os: configuration.os, architecture: configuration.architecture,
            variant: configuration.variant)
        return [manifest]
    }
}

/// All content below a manifest or index, as far as it is in the store.
private struct Gathering {
    var top: Descriptor
    var blobs: [Descriptor] = []
    var manifests: [Descriptor] = []
    /// Content that is not here.
    var firstMissing: Digest?
    /// A manifest or index that is not here.
    var firstMissingManifest: Digest?
    private var seen: Set<Digest> = []
    private let store: ContentStore

    init(of top: Descriptor, in store: ContentStore) throws(Problem) {
        self.top = top
        self.store = store
        try add(manifest: top)
        manifests.removeAll { $0.digest == top.digest }
    }

    private mutating func add(manifest descriptor: Descriptor) throws(Problem) {
        guard seen.insert(descriptor.digest).inserted else { return }
        guard store.contains(descriptor.digest) else {
            firstMissing = firstMissing ?? descriptor.digest
            firstMissingManifest = firstMissingManifest ?? descriptor.digest
            return
        }
        if descriptor.mediaType.isIndex {
            let index = try ImageIndex(
                json: try store.document(descriptor.digest), named: "\(descriptor.digest)")
            for child in index.manifests {
                if child.mediaType.isIndex || child.mediaType.isManifest {
                    try add(manifest: child)
                } else {
                    add(blob: child)
                }
            }
        } else {
            let manifest = try Manifest(
                json: try store.document(descriptor.digest), named: "\(descriptor.digest)")
            for layer in manifest.layers where !layer.mediaType.isNondistributable {
                add(blob: layer)
            }
            add(blob: manifest.config)
        }
        manifests.append(descriptor)
    }

    private mutating func add(blob: Descriptor) {
        guard seen.insert(blob.digest).inserted else { return }
        if !store.contains(blob.digest) { firstMissing = firstMissing ?? blob.digest }
        blobs.append(blob)
    }
}
