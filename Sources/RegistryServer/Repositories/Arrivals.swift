import Diagnostics
import OCI
import Storage
import Synchronization

/// The blobs that came into repositories and that no manifest there needs yet.
///
/// They are protected from the garbage collector until their manifest is there, or nobody has
/// pushed to the repository for an hour.
final class Arrivals: Sendable {
    private let content: ContentStore
    private let repositories = Mutex<[String: Arrival]>([:])

    /// How long a push may pause.
    private static let patience = Duration.seconds(3600)

    private struct Arrival {
        var digests: Set<Digest> = []
        var lease: SharedLease
        var used: ContinuousClock.Instant
    }

    init(content: ContentStore) { self.content = content }

    /// Notes blobs that are in place or will be, so that they stay.
    func add(_ digests: [Digest], to name: String) throws(Problem) {
        try repositories.withLock { repositories throws(Problem) in
            var arrival = if let known = repositories[name] { known } else { try begin() }
            try arrival.lease.protect(digests)
            arrival.digests.formUnion(digests)
            arrival.used = .now
            repositories[name] = arrival
        }
    }

    /// Whether a repository has a blob that no manifest needs.
    func contains(_ digest: Digest, in name: String) -> Bool {
        repositories.withLock { $0[name]?.digests.contains(digest) ?? false }
    }

    /// Whether blobs came into a repository.
    func isKnown(_ name: String) -> Bool { repositories.withLock { $0[name] != nil } }

    /// Forgets blobs that a manifest keeps now, or that were deleted.
    ///
    /// - Returns: which of them were there.
    @discardableResult
    func remove(_ digests: some Sequence<Digest>, from name: String) throws(Problem) -> Set<Digest>
    {
        try repositories.withLock { repositories throws(Problem) in
            guard var arrival = repositories[name] else { return [] }
            let removed = arrival.digests.intersection(digests)
            guard !removed.isEmpty else { return [] }
            arrival.digests.subtract(removed)
            guard !arrival.digests.isEmpty else {
                repositories[name] = nil
                return removed
            }
            // A lease only grows: the rest gets one of its own.
            let lease = SharedLease(try content.lease())
            try lease.protect(Array(arrival.digests))
            arrival.lease = lease
            repositories[name] = arrival
            return removed
        }
    }

    /// Gives up pushes that nobody goes on with.
    func expire() {
        repositories.withLock { repositories in
            let limit = ContinuousClock.now - Self.patience
            repositories = repositories.filter { $0.value.used > limit }
        }
    }

    private func begin() throws(Problem) -> Arrival {
        Arrival(lease: SharedLease(try content.lease()), used: .now)
    }
}
