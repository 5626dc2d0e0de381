package import Diagnostics
package import OCI
import Synchronization

/// A lease that tasks share; it ends with the last of them, or when it is told.
package final class SharedLease: Sendable {
    private let lease: Mutex<Lease?>

    package init(_ lease: consuming sending Lease) {
        self.lease = Mutex(lease)
    }

    /// Protects content and layers from removal, present or not.
    package func protect(_ digests: [Digest]) throws(Problem) {
        try lease.withLock { lease throws(Problem) in try lease?.protect(digests) }
    }

    /// Gives up the protection.
    package func end() {
        lease.withLock { $0 = nil }
    }
}
