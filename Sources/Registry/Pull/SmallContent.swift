import OCI
import Synchronization

/// Manifests and configurations of a pull, which the store gets while the layers arrive.
///
/// Before, each would let the pull wait for the disk; and what came, or was here, before it was
/// protected may be collected, but for what is held here.
final class SmallContent: Sendable {
    private let known = Mutex<[Digest: [UInt8]]>([:])

    /// What was noted under a digest.
    subscript(digest: Digest) -> [UInt8]? { known.withLock { $0[digest] } }

    /// Notes bytes of this digest, which is verified.
    func note(_ bytes: [UInt8], as digest: Digest) { known.withLock { $0[digest] = bytes } }

    /// All that was noted.
    var all: [Digest: [UInt8]] { known.withLock { $0 } }
}
