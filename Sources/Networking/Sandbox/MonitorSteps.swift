package import Diagnostics
import Linux

/// What a monitor has done for its container, and how long it took, for `explain`.
package struct MonitorSteps: Sendable {
    /// The steps in their order.
    package private(set) var records: [StepRecord] = []

    /// Is told of each step as it is made; nil where nobody looks.
    private var hear: (@Sendable (StepEvent) -> Void)?

    /// Begins without steps.
    package init(telling hear: (@Sendable (StepEvent) -> Void)?) { self.hear = hear }

    /// Tells of those steps that were made, and of each that comes; with nil no more.
    package mutating func tell(_ hear: (@Sendable (StepEvent) -> Void)?) {
        self.hear = hear
        guard let hear else { return }
        for record in records { hear(.ended(record)) }
    }

    /// The moment, for ``note(since:_:_:)``.
    package var now: UInt64 { monotonicNanoseconds() }

    /// Notes a step that was just done, or has failed.
    package mutating func note(
        since start: UInt64, _ explanation: Explanation, _ outcome: StepRecord.Outcome
    ) {
        let record = StepRecord(
            explanation: explanation, actor: .monitor,
            startInMicroseconds: Int64(clamping: start / 1000),
            durationInMicroseconds: Int64(clamping: (now - start) / 1000), outcome: outcome)
        records.append(record)
        hear?(.ended(record))
    }

    /// Does a step and notes it, also one that fails.
    package mutating func perform<Failure: Error>(
        _ explanation: @autoclosure () -> Explanation, _ body: () throws(Failure) -> Void
    ) throws(Failure) {
        let start = now
        hear?(.begun(explanation(), by: .monitor, atMicroseconds: Int64(clamping: start / 1000)))
        do throws(Failure) {
            try body()
        } catch {
            note(since: start, explanation(), .failed((error as? Problem)?.why ?? "\(error)"))
            throw error
        }
        note(since: start, explanation(), .done)
    }

    /// Forgets what was read.
    package mutating func removeAll() { records = [] }
}
