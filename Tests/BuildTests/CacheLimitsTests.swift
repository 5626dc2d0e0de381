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
        return limits.bytesToKeep(of: 1000, freeInBytes: 300)
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
