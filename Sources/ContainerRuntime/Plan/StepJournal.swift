package import Diagnostics
import Glibc
import Linux

/// When each step of a plan ran and how it ended, in memory that the runtime and init share.
///
/// Whoever runs a step writes its record, so that recording costs two reads of the clock and no
/// message; texts are made only when someone asks for them.
package struct StepJournal: ~Copyable {
    private let records: UnsafeMutableBufferPointer<Record>

    /// Maps memory for a number of steps (mmap(2), `MAP_SHARED | MAP_ANONYMOUS`).
    package init(capacity: Int) throws(Problem) {
        let size = max(1, capacity) * MemoryLayout<Record>.stride
        let memory = mmap(
            nil, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else {
            throw Problem(
                kind: .exhausted, what: "cannot record the steps",
                why: "the kernel has no \(size) bytes of memory to share")
        }
        records = UnsafeMutableBufferPointer(
            start: memory.bindMemory(to: Record.self, capacity: capacity), count: capacity)
    }

    deinit {
        munmap(records.baseAddress, max(1, records.count) * MemoryLayout<Record>.stride)
    }

    /// Notes that a step ended now.
    package borrowing func note(
        step: Int, startedAt start: UInt64, until end: UInt64, ending: Ending
    ) {
        guard records.indices.contains(step) else { return }
        records[step] = Record(
            startInNanoseconds: start, durationInNanoseconds: end - start, ending: ending.rawValue)
    }

    /// The records as a person reads them, in the order of their beginning.
    ///
    /// - Parameters:
    ///   - plan: the plan whose steps were run.
    ///   - warnings: the warnings of each step, by its number.
    ///   - failure: the step that failed, and why.
    /// - Returns: one record for each step that ran.
    package borrowing func stepRecords(
        of plan: ContainerPlan, warnings: [Int: String], failure: (step: Int, why: String)?
    ) -> [StepRecord] {
        var entries: [(record: Record, index: Int)] = []
        for index in plan.steps.indices where index < records.count {
            let record = records[index]
            if record.ending != Ending.notRun.rawValue { entries.append((record, index)) }
        }
        entries.sort { $0.record.startInNanoseconds < $1.record.startInNanoseconds }
        return entries.map { record, index in
            StepRecord(
                explanation: plan.steps[index].step.explanation,
                actor: plan.steps[index].phase.actor,
                startInMicroseconds: Int64(clamping: record.startInNanoseconds / 1000),
                durationInMicroseconds: Int64(clamping: record.durationInNanoseconds) / 1000,
                outcome: record.outcome(
                    warning: warnings[index], failure: failure?.step == index ? failure?.why : nil))
        }
    }

    /// What is said of a step that failed because the other side did.
    static let endedWithOther = "the process ended"

    /// How a step ended, as it is kept in memory.
    package enum Ending: UInt64 {
        case notRun, done, warned, failed
    }

    private struct Record {
        var startInNanoseconds: UInt64
        var durationInNanoseconds: UInt64
        var ending: UInt64

        func outcome(warning: String?, failure: String?) -> StepRecord.Outcome {
            if let failure { return .failed(failure) }
            if let warning { return .warned(warning) }
            return ending == Ending.failed.rawValue ? .failed(StepJournal.endedWithOther) : .done
        }
    }
}

extension SetupPhase {
    /// The process that runs the phase.
    package var actor: StepRecord.Actor {
        switch self {
        case .prepare, .attend, .hooks: .runtime
        case .settle, .enter, .launch: .`init`
        }
    }
}
