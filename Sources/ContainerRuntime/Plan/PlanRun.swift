package import Diagnostics
import Linux

extension ContainerPlan {
    /// Runs the steps of one phase, in order, in this process.
    ///
    /// - Parameters:
    ///   - phase: the phase.
    ///   - context: what the steps share; ``SetupContext/failedStep`` names the step that threw.
    ///   - journal: where to note when each step ran, if someone wants to know.
    /// - Throws: the ``Problem`` of the first step that fails.
    package func run(
        _ phase: SetupPhase, in context: inout SetupContext, journal: borrowing StepJournal?
    ) throws(Problem) {
        // In place: a copy of a step counts its references, and init would thereby get a copy of
        // each page of memory that they lie in.
        try steps.withUnsafeBufferPointer { (steps) throws(Problem) in
            switch journal {
            case .none:
                for index in steps.indices where steps[index].phase == phase {
                    try run(steps[index].step, index, in: &context)
                }
            case .some(let journal):
                // A step begins where the one before it has ended.
                var now = monotonicNanoseconds()
                for index in steps.indices where steps[index].phase == phase {
                    try runTiming(
                        steps[index].step, index, of: phase, in: &context, from: &now,
                        journal: journal)
                }
            }
        }
    }

    /// Runs a step and notes when; the moment becomes that of its end.
    private func runTiming(
        _ step: any SetupStep, _ index: Int, of phase: SetupPhase,
        in context: inout SetupContext, from moment: inout UInt64, journal: borrowing StepJournal
    ) throws(Problem) {
        let start = moment
        context.tellBeginning(of: step, by: phase.actor, at: start)
        let warningsBefore = context.warnings.count
        do throws(Problem) {
            try run(step, index, in: &context)
        } catch {
            let end = monotonicNanoseconds()
            journal.note(step: index, startedAt: start, until: end, ending: .failed)
            context.tellEnd(of: step, index, by: phase.actor, in: start..<end, failure: error)
            throw error
        }
        moment = monotonicNanoseconds()
        journal.note(
            step: index, startedAt: start, until: moment,
            ending: context.warnings.count > warningsBefore ? .warned : .done)
        context.tellEnd(of: step, index, by: phase.actor, in: start..<moment, failure: nil)
    }

    /// Runs a step and remembers which one threw, unless the other side's step did.
    private func run(
        _ step: any SetupStep, _ index: Int, in context: inout SetupContext
    ) throws(Problem) {
        context.currentStep = index
        do throws(Problem) {
            try step.run(in: &context)
        } catch {
            if context.failedStep == nil { context.failedStep = index }
            throw error
        }
    }
}
