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
        let cache = try engine.steps.buildCache()
        var outcome = Outcome(records: [], freedInBytes: 0)
        var seen: Set<String> = []
        var first: CacheSpace?
        while true {
            // What a plan removes is still there.
            let planned = engine.steps.isPlan ? Set(outcome.records) : []
            let usage = try engine.system.diskUsage()
            var space = try Self.space(usage, without: planned, in: engine.steps)
            if engine.steps.isPlan { space = space.planned(after: first ?? space) }
            first = first ?? space
            guard let keep = limits.bytesToKeep(of: space), space.totalInBytes > keep else {
                return outcome
            }
            let oldest = usage.buildCache.filter {
                !$0.isShared && !seen.contains($0.id)
                    && isOld($0.lastUsed.nanosecondsSinceEpoch / 1_000_000_000)
            }.min { $0.lastUsed < $1.lastUsed }
            guard let oldest else { return outcome }
            seen.insert(oldest.id)
            switch oldest.kind {
            case .regular: try cache.remove(try Digest(parsing: "sha256:\(oldest.id)"))
            case .mount:
                let removed = try CacheDirectory.prune(in: engine.steps) { $0 == oldest.id }
                guard !removed.isEmpty else { continue }  // a build uses it
            }
            outcome.records.append(oldest.id)
            outcome.freedInBytes += try engine.steps.collectGarbage()
        }
    }

    private static func space(
        _ usage: DiskUsage, without planned: Set<String>, in steps: StepService
    ) throws(Problem) -> CacheSpace {
        let root = steps.dataRoot
        let free = try asking("cannot look at \(root)") { () throws(SystemCallError) in
            try FreeSpace.inBytes(at: root)
        }
        let gone = usage.buildCache.filter { planned.contains($0.id) }.map(\.sizeInBytes)
        return CacheSpace(
            totalInBytes: gone.reduce(usage.buildCacheInBytes, -), freeInBytes: free)
    }
}
