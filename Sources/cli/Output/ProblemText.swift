import Diagnostics

/// A problem as a person reads it: `kade: what: why`, and the remedy on a line of its own.
enum ProblemText {
    static func text(of problem: Problem, level: LogLevel) -> String {
        var text = "kade: \(problem.what): \(problem.why)\n"
        if let fix = problem.fix { text += "      \(fix)\n" }
        guard level <= .debug else { return text }
        var cause = problem.cause
        while let error = cause {
            text += "      cause: \(error)\n"
            cause = (error as? Problem)?.cause
        }
        return text
    }
}
