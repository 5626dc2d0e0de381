/// How much of the build cache a prune leaves, in the words of Docker's builder.
package struct CacheLimits: Sendable, Equatable {
    /// `--reserved-space`: so much always stays.
    package var reservedInBytes: Int64?
    /// `--max-used-space`: not more than this stays.
    package var mostInBytes: Int64?
    /// `--min-free-space`: so much of the disk shall be free.
    package var leastFreeInBytes: Int64?

    package init() {}

    /// Whether there is any.
    var isEmpty: Bool { self == CacheLimits() }

    /// What stays of a cache.
    ///
    /// - Returns: nil where all of it stays.
    func bytesToKeep(of space: CacheSpace) -> Int64? {
        var keep = mostInBytes
        if let least = leastFreeInBytes, least > space.freeInBytes {
            let missing = least - space.freeInBytes
            keep = max(0, min(keep ?? .max, space.totalInBytes - missing))
        }
        if mostInBytes == nil, leastFreeInBytes == nil { keep = 0 }
        return keep.map { max($0, reservedInBytes ?? 0) }
    }
}

/// What the build cache takes, and what the disk has left.
struct CacheSpace: Equatable {
    var totalInBytes: Int64
    var freeInBytes: Int64

    /// What there would be if a plan were carried out: on the disk itself nothing changes.
    ///
    /// - Parameter first: what there was before.
    /// - Returns: the cache as it is in the plan, and the disk with what that frees.
    func planned(after first: CacheSpace) -> CacheSpace {
        CacheSpace(
            totalInBytes: totalInBytes,
            freeInBytes: first.freeInBytes + first.totalInBytes - totalInBytes)
    }
}
