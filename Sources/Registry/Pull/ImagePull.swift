package import Diagnostics
package import OCI
package import Storage

/// Brings one image from its registry into the store.
///
/// The reference is written last, so that it never names what is not there; a pull that ends early
/// leaves whole blobs, unpacked layers and beginnings of blobs, from which the next one goes on.
package struct ImagePull: Sendable {
    /// What to pull.
    package let reference: ImageReference
    /// The platform that the user asked for; nil means the machine's own.
    package let platform: Platform?
    let content: ContentStore
    let layers: Layers
    /// The place that the image comes from at present.
    private(set) var client: RegistryClient
    let schedule: RetrySchedule
    let settings: RegistrySettings
    private let trust: ImageTrust
    private let sources: [RegistryEndpoint]
    let report: @Sendable (PullEvent) -> Void

    /// How many layers arrive side by side, as with Docker.
    static let layersAtOnce = 3

    /// - Parameters:
    ///   - reference: what to pull; without tag and digest it means the tag `latest`.
    ///   - platform: the platform that the user asked for; nil means the machine's own.
    ///   - content: where blobs go.
    ///   - layers: where layers are unpacked.
    ///   - settings: how to reach registries.
    ///   - trust: which images may come in.
    ///   - report: is told what happens, from any thread.
    /// - Throws: `.denied` when the registry is blocked.
    package init(
        _ reference: ImageReference, platform: Platform?, content: ContentStore,
        layers: Layers, settings: RegistrySettings, trust: ImageTrust,
        report: @escaping @Sendable (PullEvent) -> Void
    ) throws(Problem) {
        self.reference = reference.withDefaultTag
        self.platform = platform
        self.content = content
        self.layers = layers
        self.report = report
        schedule = settings.schedule
        self.settings = settings
        self.trust = trust
        sources = try settings.registries.sources(of: reference)
        client = RegistryClient(sources[0], access: .pull, settings: settings)
    }

    /// Pulls the image, from the first place that has it: mirrors, then the registry.
    ///
    /// What a place brought before it failed need not come again.
    ///
    /// - Returns: what is in the store now.
    /// - Throws: a `Problem`, also when the task is cancelled.
    package func run() async throws(Problem) -> PulledImage {
        var pull = self
        var failures: [String] = []
        for (number, source) in sources.enumerated() {
            if number > 0 {
                pull.client = RegistryClient(source, access: .pull, settings: settings)
            }
            do throws(Problem) {
                return try await pull.runOnce()
            } catch {
                if number == sources.count - 1 || Task.isCancelled {
                    throw error.after(failures)
                }
                failures.append("the mirror \(source.registry)/\(source.repository): \(error.why)")
            }
        }
        preconditionFailure("the last source ends the loop")
    }

    private func runOnce() async throws(Problem) -> PulledImage {
        let result: Result<PulledImage, any Error>
        do {
            result = .success(try await pull())
        } catch {
            result = .failure(error)
        }
        await client.shutDown()
        return try explained(purpose, goingOn: Self.goingOn) { try result.get() }
    }

    /// How an interrupted pull goes on.
    static let goingOn = "pull again: it goes on where it stopped"

    /// What cannot be done when something fails.
    var purpose: String { "cannot pull \(reference)" }

    private func pull() async throws -> PulledImage {
        let top = try await topDescriptor()
        report(.resolved(reference: reference, digest: top.digest))
        let lease = try await blocking { PullLease(try content.lease()) }
        var documents: [ManifestDocument] = []
        let manifest = try await manifest(below: top, collecting: &documents)
        try await admit(documents.last?.digest ?? top.digest)
        let configuration = try await configuration(of: manifest)
        try await blocking { [documents] in
            try lease.protect(
                documents.map(\.digest) + [manifest.config.digest]
                    + manifest.layers.map(\.digest) + configuration.rootfs.diffIDs)
        }
        let fetched = try await fetch(manifest.layers, configuration.rootfs.diffIDs)
        let isNew = try await blocking { [documents] in
            var isNew = fetched
            for document in documents where !content.contains(document.digest) {
                try content.store(document.bytes, as: document.digest)
                isNew = true
            }
            if try content.references.descriptor(of: reference)?.digest != top.digest {
                try content.name(reference, top)
                isNew = true
            }
            for blob in manifest.layers + [manifest.config] {
                content.remember(source: reference.repository, of: blob.digest)
            }
            lease.end()
            return isNew
        }
        let image = PulledImage(
            reference: reference, manifest: top.digest, image: manifest.config.digest,
            isNew: isNew)
        report(.done(image))
        return image
    }

    /// Refuses an image that the policy does not let in, before any of it is unpacked.
    private func admit(_ manifest: Digest) async throws {
        try await ImageAdmission(
            trust: trust, reference: reference, manifest: manifest, client: client,
            settings: settings, purpose: purpose
        ).check()
    }

    /// Brings the layers, three at once; a layer that occurs twice comes once.
    ///
    /// - Returns: whether any was missing.
    private func fetch(_ descriptors: [Descriptor], _ diffIDs: [Digest]) async throws -> Bool {
        var seen: Set<Digest> = []
        var waiting: [LayerPull] = []
        for (descriptor, diffID) in zip(descriptors, diffIDs) where seen.insert(diffID).inserted {
            waiting.append(
                LayerPull(descriptor: descriptor, diffID: diffID, pull: self))
            report(
                .layer(
                    digest: descriptor.digest, status: .waiting, current: 0,
                    total: descriptor.size))
        }
        let order = waiting
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            var fetched = false
            for (number, layer) in order.enumerated() {
                if number >= Self.layersAtOnce, let one = try await group.next() {
                    fetched = one || fetched
                }
                group.addTask { try await layer.run() }
            }
            for try await one in group { fetched = one || fetched }
            return fetched
        }
    }
}

extension Problem {
    /// The error with those of the places that were tried before.
    fileprivate func after(_ failures: [String]) -> Problem {
        guard !failures.isEmpty else { return self }
        var problem = self
        problem.why = ([why] + failures).joined(separator: "; ")
        return problem
    }
}
