package import Diagnostics
package import Engine
import OCI
import Storage
import SystemPackage

/// `builder prune`: forgets what builds have made.
package enum CachePruning {
    /// Removes records and the layers that nothing else needs, and the directories of
    /// `RUN --mount=type=cache` that no build uses.
    ///
    /// - Parameters:
    ///   - engine: whose store it is.
    ///   - unusedForSeconds: only records that were of no use for so long; nil is all.
    /// - Returns: which records went, and the bytes of the blobs that were freed.
    /// - Throws: what kept something from being removed.
    package static func prune(
        _ engine: Engine, unusedForSeconds: Int64?
    ) throws(Problem) -> Outcome {
        let store = try ContentStore(root: engine.steps.dataRoot)
        let now = Timestamp.now.nanosecondsSinceEpoch / 1_000_000_000
        let isOld = { (used: Int64) in unusedForSeconds.map { now - used >= $0 } ?? true }
        let removed = try store.buildCache.prune(where: isOld)
        try StatCache.prune(below: engine.steps.dataRoot, where: isOld)
        if unusedForSeconds == nil {
            try CacheDirectory.prune(below: engine.steps.dataRoot)
        }
        return Outcome(
            records: removed.map(\.encoded), freedInBytes: try engine.steps.collectGarbage())
    }

    /// What was removed.
    package struct Outcome: Sendable {
        package var records: [String]
        package var freedInBytes: Int64
    }
}
