/// Images and the store that they live in.
///
/// An image is named by a reference, a digest, an ID (the digest of its configuration) or the
/// beginning of one.
package struct ImageService: Sendable {
    let context: EngineContext

    init(context: EngineContext) {
        self.context = context
    }
}

/// One line of `images`.
package struct ImageSummary: Sendable {
    /// `sha256:…` of the configuration.
    package let id: String
    /// The full reference: `docker.io/library/alpine:3.20`; nil for a dangling image.
    package let reference: String?
    /// The short repository: `alpine`; `<none>` for a dangling image.
    package let repository: String
    /// `<none>` where the reference has none.
    package let tag: String
    /// `sha256:…` of the manifest (or index) that the reference names.
    package let digest: String
    package let created: Timestamp?
    /// Of the unpacked layers.
    package let sizeInBytes: Int64
    package let labels: [String: String]
}

/// How a pull, push, load or import goes on.
package enum TransferEvent: Sendable {
    /// A pull asks another place; told only to who watches its steps.
    case place(RegistryPlace, RegistryPlace.Use)
    /// The reference's manifest is known.
    case resolved(reference: String, digest: String)
    /// A push begins to the reference's repository.
    case pushing(reference: String, digest: String)
    /// A manifest, index or configuration is downloading, done or exists; told only to who watches
    /// the steps of a pull.
    case document(kind: String, digest: String, status: String, sizeInBytes: Int64)
    /// A layer changed: waiting, downloading, verifying, extracting, done or exists; in a push
    /// preparing, pushing, pushed, present or mounted from a repository.
    case layer(digest: String, status: String, current: Int64, total: Int64)
    /// The image is there: `downloaded` or `upToDate`.
    case done(reference: String, manifest: String, image: String, status: String)
    /// The registry has the image.
    case pushed(reference: String, digest: String, sizeInBytes: Int64)
    /// Something that the user should know.
    case note(String)
}

/// What happened to one name or image in `rmi`.
package enum ImageRemoval: Sendable, Equatable {
    case untagged(String)
    case deleted(String)
}
