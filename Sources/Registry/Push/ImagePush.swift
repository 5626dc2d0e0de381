package import Diagnostics
package import OCI
package import Storage
import Unpacking

/// Brings images of the store into one repository of a registry.
///
/// Blobs go first, several at once, then manifests, then the index, and the tag last: nothing in the
/// registry ever names what is not there.
package struct ImagePush: Sendable {
    /// The names to push, all of one repository.
    package let references: [ImageReference]
    let platform: Platform?
    /// Whether an index is pushed though layers of it are not here.
    private let isWhole: Bool
    /// How plain layers are compressed.
    private let encoding: LayerEncoding
    private let limit: ArchiveLimit
    let content: ContentStore
    let client: RegistryClient
    let schedule: RetrySchedule
    private let settings: RegistrySettings
    let purpose: String
    private let send: @Sendable (PushEvent) -> Void

    /// How many blobs are sent side by side, as with Docker.
    private static let uploadsAtOnce = 5

    /// - Parameters:
    ///   - reference: what to push; without a tag it means `latest`, or all tags.
    ///   - allTags: whether all tags of the reference's repository are meant.
    ///   - platform: the one platform to push; nil means all that the store has.
    ///   - whole: whether an index is pushed though layers of it are not here.
    ///   - encoding: how plain layers are compressed.
    ///   - limit: how much a layer may have when it is decompressed.
    ///   - content: where the images are.
    ///   - settings: how to reach registries.
    ///   - report: is told what happens, from any thread.
    /// - Throws: `.invalid` when the reference cannot be pushed to; `.notFound` when the store has
    ///   no such image.
    package init(
        _ reference: ImageReference, allTags: Bool, platform: Platform?, whole: Bool,
        encoding: LayerEncoding, limit: ArchiveLimit, content: ContentStore,
        settings: RegistrySettings, report: @escaping @Sendable (PushEvent) -> Void
    ) throws(Problem) {
        self.encoding = encoding
        self.limit = limit
        purpose = "cannot push \(allTags ? reference : reference.withDefaultTag)"
        self.platform = platform
        isWhole = whole
        self.content = content
        send = report
        schedule = settings.schedule
        references = try Self.references(reference, allTags: allTags, in: content, purpose)
        self.settings = settings
        client = RegistryClient(
            try settings.endpoint(of: reference, for: .push), access: .push(mountingFrom: nil),
            settings: settings)
    }

    /// Pushes the images.
    ///
    /// - Throws: a `Problem`, also when the task is cancelled.
    package func run() async throws(Problem) {
        let result: Result<Void, any Error>
        do {
            var uploaded: Set<Digest> = []
            for reference in references { try await push(reference, &uploaded) }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await client.shutDown()
        try explained(purpose, goingOn: "push again: what has arrived is not sent again") {
            try result.get()
        }
    }

    /// Reports a layer's state; of other blobs nobody hears.
    func report(_ blob: Descriptor, _ status: PushEvent.LayerStatus, _ current: Int64) {
        guard !blob.mediaType.isImageConfiguration else { return }
        send(.layer(digest: blob.digest, status: status, current: current, total: blob.size))
    }

    private func push(_ reference: ImageReference, _ uploaded: inout Set<Digest>) async throws {
        let lease = try await blocking { SharedLease(try content.lease()) }
        let (plan, before, made) = try await blocking {
            guard let before = try content.references.descriptor(of: reference) else {
                throw Self.missing(reference)
            }
            let made = try ImageEncoding(encoding, limit: limit, content: content)
                .apply(to: before, under: lease)
            let plan = try PushPlan(
                of: made.top, platform: platform, whole: isWhole, in: content, purpose: purpose)
            try lease.protect((plan.blobs + plan.manifests + [plan.top]).map(\.digest))
            return (plan, before, made)
        }
        send(.started(reference: reference, digest: plan.top.digest))
        let waiting = plan.blobs.filter { uploaded.insert($0.digest).inserted }
        for blob in waiting { report(blob, .preparing, 0) }
        try await upload(waiting, of: plan.manifests + [plan.top])
        for descriptor in plan.manifests {
            try await put(descriptor, as: .digest(descriptor.digest))
        }
        try await put(plan.top, as: .tag(reference.tag ?? "latest"))
        try await blocking {
            for blob in plan.blobs {
                content.remember(source: reference.repository, of: blob.digest)
            }
            // The name means what the registry has: its digest can be pulled from there.
            if made.isNew, try content.references.descriptor(of: reference) == before {
                try content.name(reference, made.top)
                try content.references.removeNameless(before.digest)
            }
            lease.end()
        }
        if let note = made.note { send(.note(note)) }
        if let note = plan.note { send(.note(note)) }
        send(
            .done(
                reference: reference, digest: plan.top.digest, sizeInBytes: plan.top.size))
    }

    /// Uploads blobs, several at once.
    private func upload(_ blobs: [Descriptor], of manifests: [Descriptor]) async throws {
        let sources = try await blocking {
            try BlobSources(
                of: blobs, in: manifests, content, registry: client.registry,
                by: settings.registries)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, blob) in blobs.enumerated() {
                if number >= Self.uploadsAtOnce { try await group.next() }
                let upload = BlobUpload(
                    blob: blob,
                    sources: sources.repositories(of: blob.digest, otherThan: client.repository),
                    push: self)
                group.addTask { try await upload.run() }
            }
            try await group.waitForAll()
        }
    }

    private func put(_ descriptor: Descriptor, as name: ManifestName) async throws {
        let bytes = try await blocking { try content.document(descriptor.digest) }
        let document = ManifestDocument(
            bytes: bytes, mediaType: descriptor.mediaType, digest: descriptor.digest)
        let isListed = try await client.put(document, as: name, purpose: purpose)
        guard !isListed, descriptor.mediaType.isManifest else { return }
        let manifest = try Manifest(json: bytes, named: "\(descriptor.digest)")
        guard let subject = manifest.subject else { return }
        try await client.addToFallback(document, subject: subject.digest, purpose: purpose)
    }

    private static func references(
        _ reference: ImageReference, allTags: Bool, in content: ContentStore, _ purpose: String
    ) throws(Problem) -> [ImageReference] {
        guard reference.digest == nil else {
            throw Problem(
                kind: .invalid, what: purpose, why: "cannot push a digest reference",
                fix: "give the image a name with kade tag, and push that")
        }
        guard allTags else {
            let one = reference.withDefaultTag
            guard try content.references.descriptor(of: one) != nil else { throw missing(one) }
            return [one]
        }
        guard reference.tag == nil else {
            throw Problem(
                kind: .invalid, what: purpose, why: "tag can't be used with --all-tags/-a",
                fix: "leave the tag out")
        }
        var found: [ImageReference] = []
        for entry in try content.references.list() {
            // A name that another tool wrote may be no reference, and then none of this repository.
            guard let name = entry.name, let other = try? ImageReference(parsing: name),
                other.repository == reference.repository, other.tag != nil, other.digest == nil
            else { continue }
            found.append(other)
        }
        guard !found.isEmpty else {
            throw Problem(
                kind: .notFound, what: purpose,
                why: "An image does not exist locally with the tag: \(reference.familiarName)",
                fix: "see what there is with: kade images")
        }
        return found.sorted { "\($0)" < "\($1)" }
    }

    private static func missing(_ reference: ImageReference) -> Problem {
        Problem(
            kind: .notFound, what: "cannot push \(reference)",
            why: "An image does not exist locally with the tag: \(reference.familiarName)",
            fix: "see what there is with: kade images; name it with: kade tag")
    }
}
