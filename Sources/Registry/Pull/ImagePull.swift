package import Diagnostics
package import OCI
package import Storage
import Unpacking

/// Brings one image from its registry into the store.
///
/// The reference is written last, so that it never names what is not there, but for layers that
/// containers can use already (``Arrivals``); a pull that ends early leaves whole blobs, unpacked
/// layers and beginnings of blobs, from which the next one goes on.
package struct ImagePull: Sendable {
    /// What to pull.
    package let reference: ImageReference
    /// The platform that the user asked for; nil means the machine's own.
    package let platform: Platform?
    /// Whether all that an index names comes; only this machine's image is unpacked.
    let takesAllPlatforms: Bool
    let content: ContentStore
    let layers: Layers
    /// The place that the image comes from at present.
    private(set) var client: RegistryClient
    /// Whether no other place is asked when this one does not have it.
    private(set) var isAtLastPlace: Bool
    let schedule: RetrySchedule
    let settings: RegistrySettings
    let small = SmallContent()
    private let trust: ImageTrust
    private let places: RegistrySettings.PullPlaces
    /// The places that know the digests of tags; none where the present one does.
    private(set) var resolvers: [RegistryEndpoint]
    let report: @Sendable (PullEvent) -> Void
    /// What to do once containers can use the image; nil where it has to come whole first.
    ///
    /// Where its layers cannot be used before that, it is not called.
    package var whenUsable: (@Sendable () throws(Problem) -> Void)?
    /// Whether documents are told of, and layers that containers can use before they have come.
    package var tellsEachPart = false
    /// What lets the transfer of layers wait; nil where nothing does.
    private(set) var brake: TransferBrake?

    /// How many layers arrive side by side, as with Docker.
    static let layersAtOnce = 3

    /// - Parameters:
    ///   - reference: what to pull; without tag and digest it means the tag `latest`.
    ///   - platform: the platform that the user asked for; nil means the machine's own.
    ///   - allPlatforms: whether all that an index names comes, and not that one alone.
    ///   - content: where blobs go.
    ///   - layers: where layers are unpacked.
    ///   - settings: how to reach registries.
    ///   - trust: which images may come in.
    ///   - report: is told what happens, from any thread.
    /// - Throws: `.denied` when the registry is blocked.
    package init(
        _ reference: ImageReference, platform: Platform?, allPlatforms: Bool, content: ContentStore,
        layers: Layers, settings: RegistrySettings, trust: ImageTrust,
        report: @escaping @Sendable (PullEvent) -> Void
    ) throws(Problem) {
        self.reference = reference.withDefaultTag
        self.platform = platform
        takesAllPlatforms = allPlatforms
        self.content = content
        self.layers = layers
        self.report = report
        schedule = settings.schedule
        self.settings = settings
        self.trust = trust
        places = try settings.pullPlaces(of: reference)
        resolvers = places.resolvers(for: places.sources[0])
        client = RegistryClient(places.sources[0], access: .pull, settings: settings)
        isAtLastPlace = places.sources.count == 1
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
        for (number, source) in places.sources.enumerated() {
            if number > 0 {
                pull.isAtLastPlace = number == places.sources.count - 1
                pull.client = RegistryClient(source, access: .pull, settings: settings)
                pull.resolvers = places.resolvers(for: source)
            }
            do throws(Problem) {
                return try await pull.runOnce()
            } catch {
                if number == places.sources.count - 1 || Task.isCancelled {
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
        let asksElsewhere = reference.digest == nil && !resolvers.isEmpty
        await tellPlace(of: client, asksElsewhere ? .content : .all)
        let top = try await topDescriptor()
        report(.resolved(reference: reference, digest: top.digest))
        // It came with its name, or was here.
        if tellsEachPart {
            report(.document(top.mediaType.isIndex ? .index : .manifest, top, status: .exists))
        }
        let lease = try await blocking { SharedLease(try content.lease()) }
        let parts = try await parts(of: top)
        try await blocking { try lease.protect(parts.digests) }
        var pull = self
        let arrivals = try await pull.beginArrivals(of: parts)
        let early = arrivals?.digests ?? []
        if tellsEachPart {
            reportArrivals(of: parts.blobs.map(\.descriptor).filter { early.contains($0.digest) })
        }
        let image: PulledImage
        do {
            async let kept: Void = keepSmallContent()
            let fetched = try await fetch(
                parts.blobs.filter { !early.contains($0.descriptor.digest) })
            try await kept
            image = try await store(parts, top, isNew: fetched || !early.isEmpty)
            report(.done(image))
            if arrivals != nil { try whenUsable?() }
        } catch {
            arrivals?.abandon()
            throw error
        }
        if let arrivals { try await pull.settle(arrivals, parts.blobs) }
        try await blocking { lease.end() }
        return image
    }

    /// Tells where a client asks, where that is wanted.
    func tellPlace(of client: RegistryClient, _ use: PullEvent.PlaceUse) async {
        guard tellsEachPart, let first = client.firstPlace else { return }
        report(.place(first, use))
        guard let found = await client.foundPlace(), found != first else { return }
        report(.place(found, use))
    }

    private func reportArrivals(of layers: [Descriptor]) {
        for blob in layers {
            report(.layer(digest: blob.digest, status: .arriving, current: 0, total: blob.size))
        }
    }

    /// Puts manifests and configurations into the store, whose protection has begun.
    private func keepSmallContent() async throws {
        try await blocking {
            for (digest, bytes) in small.all { try content.store(bytes, as: digest) }
        }
    }

    /// Puts the reference into the store, which has all that it names.
    private func store(
        _ parts: PullParts, _ top: Descriptor, isNew: Bool
    ) async throws -> PulledImage {
        let isNew = try await blocking {
            var isNew = isNew
            if try content.references.descriptor(of: reference)?.digest != top.digest {
                try content.name(reference, top)
                isNew = true
            }
            for blob in parts.blobs.map(\.descriptor) + parts.configurations {
                content.remember(source: reference.repository, of: blob.digest)
            }
            return isNew
        }
        return PulledImage(
            reference: reference, manifest: top.digest, image: parts.image ?? top.digest,
            isNew: isNew)
    }

    /// Makes layers usable before they have come, where that is wanted and can be.
    private mutating func beginArrivals(of parts: PullParts) async throws -> Arrivals? {
        guard whenUsable != nil, places.sources.count == 1, !takesAllPlatforms,
            try layers.snapshotter.kind(in: layers.directory) == .erofs
        else { return nil }
        let brake = TransferBrake()
        self.brake = brake
        return try await Arrivals.begin(parts.blobs, of: self, brake: brake)
    }

    /// Brings the layers whole that are in use already.
    private func settle(_ arrivals: Arrivals, _ blobs: [PullParts.Blob]) async throws {
        let early = arrivals.digests
        do {
            _ = try await fetch(blobs.filter { early.contains($0.descriptor.digest) })
            try await arrivals.settle(self)
            try await blocking { try layers.flush() }
        } catch {
            let problem =
                error as? Problem
                ?? Problem(kind: .unavailable, what: purpose, why: "\(error)")
            arrivals.fail(problem)
            if problem.condemnsContent { try await blocking { try forget() } }
            throw error
        }
    }

    /// Takes the name from an image whose layers turned out to be others than it says.
    private func forget() throws(Problem) { try content.references.remove(reference) }

    /// Refuses an image that the policy does not let in, before any of it is unpacked.
    func admit(_ manifest: ManifestDocument) async throws {
        try await ImageAdmission(
            trust: trust, reference: reference, manifest: manifest, client: client,
            settings: settings, purpose: purpose
        ).check()
    }

    /// Brings the blobs, three at once.
    ///
    /// - Returns: whether any was missing.
    private func fetch(_ blobs: [PullParts.Blob]) async throws -> Bool {
        let order = blobs.map {
            LayerPull(descriptor: $0.descriptor, diffID: $0.diffID, pull: self)
        }
        for layer in order { layer.report(.waiting, 0) }
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
