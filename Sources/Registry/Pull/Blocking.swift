import Diagnostics
import NIOPosix
import OCI
import Storage
import Synchronization

/// Runs work that may wait for the disk on a thread of its own kind, away from the tasks' threads.
func blocking<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await NIOThreadPool.singleton.runIfActive(body)
}

/// A lease that tasks share; it ends with the last of them, or when it is told.
final class PullLease: Sendable {
    private let lease: Mutex<Lease?>

    init(_ lease: consuming sending Lease) {
        self.lease = Mutex(lease)
    }

    /// Protects content and layers from removal, present or not.
    func protect(_ digests: [Digest]) throws {
        try lease.withLock { try $0?.protect(digests) }
    }

    /// Gives up the protection.
    func end() {
        lease.withLock { $0 = nil }
    }
}
