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
    /// - Parameters:
    ///   - totalInBytes: what it takes.
    ///   - freeInBytes: what the disk has left.
    /// - Returns: nil where all of it stays.
    func bytesToKeep(of totalInBytes: Int64, freeInBytes: Int64) -> Int64? {
        var keep = mostInBytes
        if let least = leastFreeInBytes, least > freeInBytes {
            keep = max(0, min(keep ?? .max, totalInBytes - (least - freeInBytes)))
        }
        if mostInBytes == nil, leastFreeInBytes == nil { keep = 0 }
        return keep.map { max($0, reservedInBytes ?? 0) }
    }
}
