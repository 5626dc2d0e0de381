import Diagnostics
import Testing

@Suite struct StepRecordTests {
    private func step(from start: Int64, for duration: Int64) -> StepRecord {
        StepRecord(
            explanation: Explanation(shell: "true", why: "a test", spec: "x"), actor: .engine,
            startInMicroseconds: start, durationInMicroseconds: duration, outcome: .done)
    }

    @Test func `times count from the first step, whichever stands first`() {
        let steps = [step(from: 130, for: 5), step(from: 100, for: 50)].fromTheFirst
        #expect(steps.map(\.startInMicroseconds) == [30, 0])
        #expect([StepRecord]().fromTheFirst.isEmpty)
    }

    @Test func `work is what was under way, once, and no waiting`() {
        let first = step(from: 0, for: 10)
        #expect([first, step(from: 10, for: 5)].workInMicroseconds == 15)
        #expect([first, step(from: 5, for: 10)].workInMicroseconds == 15)
        #expect([step(from: 3_600_000, for: 7), first].workInMicroseconds == 17)
        let long = step(from: 0, for: 100)
        #expect([long, step(from: 10, for: 5), step(from: 20, for: 5)].workInMicroseconds == 100)
        #expect([StepRecord]().workInMicroseconds == 0)
        #expect([step(from: 5, for: 0)].workInMicroseconds == 0)
    }
}
