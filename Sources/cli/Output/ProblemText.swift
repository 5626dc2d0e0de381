import Diagnostics
import Engine

/// A problem as a person reads it: `kade: what: why`, the remedy on a line of its own,
/// and for a start the step that failed.
enum ProblemText {
    static func text(of problem: Problem, level: LogLevel) -> String {
        var text = "kade: \(problem.what): \(problem.why)\n"
        if let fix = problem.fix { text += "      \(fix)\n" }
        let step = problem.cause as? FailedStep
        if let step { text += "      (step \(step.number) of this run: kade explain --last)\n" }
        guard level <= .debug else { return text }
        var cause = step?.cause ?? (step == nil ? problem.cause : nil)
        while let error = cause {
            text += "      cause: \(error)\n"
            cause = (error as? Problem)?.cause
        }
        return text
    }
}
