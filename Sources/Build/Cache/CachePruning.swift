package import Diagnostics
package import Engine
import Linux
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
    ///   - unusedForSeconds: only what was of no use for so long; nil is all.
    ///   - limits: how much stays, of what was of use last; empty for nothing.
    /// - Returns: which records went, and the bytes of the blobs that were freed.
    /// - Throws: what kept something from being removed.
    package static func prune(
        _ engine: Engine, unusedForSeconds: Int64?, limits: CacheLimits
    ) throws(Problem) -> Outcome {
        let now = Timestamp.now.nanosecondsSinceEpoch / 1_000_000_000
        let isOld = { (used: Int64) in unusedForSeconds.map { now - used >= $0 } ?? true }
        guard limits.isEmpty else { return try prune(engine, to: limits, where: isOld) }
        let removed = try engine.steps.buildCache().prune(where: isOld)
        try StatCache.prune(in: engine.steps, where: isOld)
        if unusedForSeconds == nil {
            try CacheDirectory.prune(in: engine.steps) { _ in true }
        }
        return Outcome(
            records: removed.map(\.encoded), freedInBytes: try engine.steps.collectGarbage())
    }

    /// What was removed.
    package struct Outcome: Sendable {
        package var records: [String]
        package var freedInBytes: Int64
    }

    /// Removes what was of no use for longest until the rest is within the limits.
    ///
    /// Records may share layers, so that what a removal frees shows only afterwards.
    private static func prune(
        _ engine: Engine, to limits: CacheLimits, where isOld: (Int64) -> Bool
    ) throws(Problem) -> Outcome {
        let root = engine.steps.dataRoot
        let cache = try engine.steps.buildCache()
        var outcome = Outcome(records: [], freedInBytes: 0)
        var kept: Set<String> = []
        while true {
            let usage = try engine.system.diskUsage()
            let free = try asking("cannot look at \(root)") { () throws(SystemCallError) in
                try FreeSpace.inBytes(at: root)
            }
            let total = usage.buildCacheInBytes
            guard let keep = limits.bytesToKeep(of: total, freeInBytes: free), total > keep
            else { return outcome }
            let oldest = usage.buildCache.filter {
                !$0.isShared && !kept.contains($0.id)
                    && isOld($0.lastUsed.nanosecondsSinceEpoch / 1_000_000_000)
            }.min { $0.lastUsed < $1.lastUsed }
            guard let oldest else { return outcome }
            kept.insert(oldest.id)  // a directory that a build uses stays
            switch oldest.kind {
            case .regular: try cache.remove(try Digest(parsing: "sha256:\(oldest.id)"))
            case .mount: try CacheDirectory.prune(in: engine.steps) { $0 == oldest.id }
            }
            outcome.records.append(oldest.id)
            outcome.freedInBytes += try engine.steps.collectGarbage()
        }
    }
}
