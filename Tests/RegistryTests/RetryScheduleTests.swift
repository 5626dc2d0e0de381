import Testing

@testable import Registry

@Suite struct RetryScheduleTests {
    let schedule = RetrySchedule(
        attempts: 4, firstDelay: .seconds(1), longestDelay: .seconds(3))

    @Test(arguments: [(1, Duration.seconds(1)), (2, .seconds(2)), (3, .seconds(3))])
    func `the delay doubles up to the longest`(attempt: Int, expected: Duration) {
        #expect(schedule.delay(after: attempt, retryAfter: nil, chance: 0) == expected)
    }

    @Test func `chance adds up to a quarter`() {
        #expect(
            schedule.delay(after: 1, retryAfter: nil, chance: 1) == .milliseconds(1250))
    }

    @Test func `after the last attempt it gives up`() {
        #expect(schedule.delay(after: 4, retryAfter: nil, chance: 0) == nil)
        #expect(schedule.delay(after: 4, retryAfter: .seconds(1), chance: 0) == nil)
    }

    @Test func `the registry's own waiting time goes first, unless it is too long`() {
        #expect(schedule.delay(after: 1, retryAfter: .seconds(2), chance: 1) == .seconds(2))
        #expect(schedule.delay(after: 1, retryAfter: .seconds(4), chance: 1) == nil)
    }

    @Test func `Retry-After is read in seconds`() {
        #expect(RetrySchedule.retryAfter("120") == .seconds(120))
        #expect(RetrySchedule.retryAfter("Wed, 21 Oct 2015 07:28:00 GMT") == nil)
        #expect(RetrySchedule.retryAfter(nil) == nil)
    }

    @Test(arguments: [(429, true), (503, true), (500, true), (404, false), (401, false)])
    func `some answers are worth another attempt`(status: Int, expected: Bool) {
        #expect(RetrySchedule.isTransient(status: UInt(status)) == expected)
    }
}
