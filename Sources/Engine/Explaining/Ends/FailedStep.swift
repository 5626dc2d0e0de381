import Diagnostics
import OCI
import SystemPackage

/// Which of a start's steps failed: the cause of the problem that the start ends with.
package struct FailedStep: Error, CustomStringConvertible {
    /// Its number in `steps.jsonl`, and so in `explain --last`; the first is 1.
    package let number: Int
    /// The error underneath the problem.
    package let cause: (any Error)?

    package var description: String { "step \(number) of the start failed" }
}

extension EngineContext {
    /// Says which step a start failed at, where that is known.
    func naming(failedStepOf id: String, in problem: Problem) -> Problem {
        guard plan == nil else { return problem }
        let path = configuration.bundle(of: id).steps
        // Best effort: the start's own problem is what counts.
        guard let bytes = try? bytesIfPresent(of: path),
            let steps = try? StepRecord.parse(jsonLines: bytes, named: path.string),
            let index = steps.failures.first
        else { return problem }
        var problem = problem
        problem.cause = FailedStep(number: index + 1, cause: problem.cause)
        return problem
    }
}

extension [StepRecord] {
    /// The places of the steps that failed.
    ///
    /// Who waits for the other side fails with it; the reason is there.
    var failures: [Int] {
        let failed = indices.filter { index in
            if case .failed = self[index].outcome { true } else { false }
        }
        let doing = failed.filter { !self[$0].explanation.spec.isEmpty }
        return doing.isEmpty ? failed : doing
    }
}
