import Diagnostics

/// Which step failed of a container's creation or start: the cause of the problem that it ends with.
package struct FailedStep: Error, CustomStringConvertible {
    /// Its number in `explain --last`; the first is 1.
    package let number: Int
    /// The error underneath the problem.
    package let cause: (any Error)?

    package var description: String { "step \(number) failed" }
}

extension Problem {
    /// The same problem, with the number of the step that failed, where that is known.
    func naming(failedStepIn steps: [StepRecord]) -> Problem {
        guard let index = steps.failures.first else { return self }
        var problem = self
        problem.cause = FailedStep(number: index + 1, cause: cause)
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
