package import Diagnostics

/// A part of a Dockerfile: where it stands and what it says there.
package struct SourceText: Sendable, Equatable {
    /// The Dockerfile as the user named it.
    package var file: String
    /// The number of its first line, from 1.
    package var line: Int
    /// The number of its last line.
    package var lastLine: Int
    /// Its first line as it was written, without blanks at either end.
    package var text: String

    /// What is wrong here; the error names file, line and the line's text.
    package func problem(
        _ why: String, fix: String? = nil, kind: Problem.Kind = .invalid,
        cause: (any Error)? = nil
    ) -> Problem {
        Problem(
            kind: kind, what: "cannot build \(file):\(line) '\(text)'", why: why, fix: fix,
            cause: cause)
    }

    /// A problem of a lower layer, told of the instruction that met it.
    func problem(_ inner: Problem) -> Problem {
        Problem(
            kind: inner.kind, what: "cannot build \(file):\(line) '\(text)'",
            why: inner.what.isEmpty ? inner.why : "\(inner.what): \(inner.why)", fix: inner.fix,
            cause: inner)
    }
}
