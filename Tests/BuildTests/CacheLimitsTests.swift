import Testing

@testable import Build

/// How much of the cache stays, as BuildKit computes it.
@Suite struct CacheLimitsTests {
    private func keep(
        reserved: Int64? = nil, most: Int64? = nil, free: Int64? = nil
    ) -> Int64? {
        var limits = CacheLimits()
        limits.reservedInBytes = reserved
        limits.mostInBytes = most
        limits.leastFreeInBytes = free
        return limits.bytesToKeep(of: CacheSpace(totalInBytes: 1000, freeInBytes: 300))
    }

    @Test func `a plan counts as free what it would remove`() {
        var limits = CacheLimits()
        limits.leastFreeInBytes = 500
        let first = CacheSpace(totalInBytes: 1000, freeInBytes: 300)
        #expect(first.planned(after: first) == first)
        var space = first
        var removed: [Int64] = []
        for size in [150, 100, 400] as [Int64] {
            guard let keep = limits.bytesToKeep(of: space), space.totalInBytes > keep else { break }
            // The disk itself stays as full as it is, and others may write to it.
            space = CacheSpace(totalInBytes: space.totalInBytes - size, freeInBytes: 290)
                .planned(after: first)
            removed.append(size)
        }
        #expect(removed == [150, 100])
        #expect(space == CacheSpace(totalInBytes: 750, freeInBytes: 550))
    }

    @Test func `what stays is the least that a limit says, and the reserve at least`() {
        #expect(keep(reserved: 400) == 400)
        #expect(keep(most: 600) == 600)
        #expect(keep(reserved: 700, most: 600) == 700)
        #expect(keep(free: 200) == nil)
        #expect(keep(free: 500) == 800)
        #expect(keep(most: 600, free: 500) == 600)
        #expect(keep(most: 900, free: 500) == 800)
        #expect(keep(free: 5000) == 0)
        #expect(keep(reserved: 50, free: 5000) == 50)
    }
}
