import Diagnostics
package import OCI

/// What a pull reports while it goes on.
package enum PullEvent: Sendable, Equatable {
    /// Another place is asked; told only where that is wanted.
    case place(RepositoryPlace, PlaceUse)
    /// The reference's manifest (or index) is known.
    case resolved(reference: ImageReference, digest: Digest)
    /// A manifest, an index or a configuration of the image changed; told only where that is wanted.
    case document(DocumentKind, Descriptor, status: LayerStatus)
    /// A layer changed.
    case layer(digest: Digest, status: LayerStatus, current: Int64, total: Int64)
    /// The image is in the store.
    case done(PulledImage)
    /// What is told after this nobody needs to wait for: the image's layers can be used.
    case usable

    /// What a place is asked for.
    package enum PlaceUse: String, Sendable {
        /// For the digest of the tag alone.
        case names
        /// For manifests and blobs; another place knows the tags.
        case content
        /// For both.
        case all
    }

    /// What is read whole, and says what else belongs to the image.
    package enum DocumentKind: String, Sendable {
        case index, manifest, configuration
    }

    /// What happens to a layer.
    package enum LayerStatus: String, Sendable {
        /// Its turn has not come.
        case waiting
        /// Its bytes arrive, and are unpacked as they do.
        case downloading
        /// All has arrived; the rest is being unpacked.
        case extracting
        /// It is in the store.
        case done
        /// It was in the store before.
        case exists
        /// Containers can use it, and it comes meanwhile; told as documents are.
        case arriving
    }
}

/// An image that a pull put into the store, or found there.
package struct PulledImage: Sendable, Equatable {
    /// The full reference.
    package var reference: ImageReference
    /// The digest of the manifest or index that the reference names.
    package var manifest: Digest
    /// The digest of the configuration: the image's ID.
    package var image: Digest
    /// Whether anything was fetched.
    package var isNew: Bool

    package init(reference: ImageReference, manifest: Digest, image: Digest, isNew: Bool) {
        self.reference = reference
        self.manifest = manifest
        self.image = image
        self.isNew = isNew
    }
}

extension PullEvent {
    /// The event as `kade-server pull` prints it: one JSON object.
    package var json: JSONValue {
        switch self {
        case .place(let place, let use):
            [
                "event": "place", "address": .string(place.address),
                "query": .string(place.query), "use": .string(use.rawValue),
            ]
        case .resolved(let reference, let digest):
            [
                "event": "resolved", "reference": .string("\(reference)"),
                "digest": .string("\(digest)"),
            ]
        case .document(let kind, let descriptor, let status):
            [
                "event": "document", "kind": .string(kind.rawValue),
                "digest": .string("\(descriptor.digest)"), "status": .string(status.rawValue),
                "total": .number(JSONNumber(descriptor.size)),
            ]
        case .layer(let digest, let status, let current, let total):
            [
                "event": "layer", "digest": .string("\(digest)"),
                "status": .string(status.rawValue),
                "current": .number(JSONNumber(current)), "total": .number(JSONNumber(total)),
            ]
        case .done(let image):
            [
                "event": "done", "reference": .string("\(image.reference)"),
                "manifest": .string("\(image.manifest)"), "image": .string("\(image.image)"),
                "status": image.isNew ? "downloaded" : "upToDate",
            ]
        case .usable: ["event": "usable"]
        }
    }
}
