/// An error that a person can act on: what failed, why, and what to do about it.
///
/// Every module above `Linux` throws only this type. A `Problem` is passed up unchanged; the
/// programs print it once, and its ``kind`` alone decides exit code and HTTP or gRPC status.
package struct Problem: Error, Sendable {
    /// The class of the error.
    package var kind: Kind
    /// What could not be done, with the object's name: "cannot publish port 8080 for web".
    package var what: String
    /// The reason, in the words of someone who looked: "process 4121 (nginx) listens on it".
    package var why: String
    /// What the user can do, or nil where there is nothing sensible to say.
    package var fix: String?
    /// The error underneath, kept for `--debug`.
    package var cause: (any Error)?

    package init(
        kind: Kind, what: String, why: String, fix: String? = nil, cause: (any Error)? = nil
    ) {
        self.kind = kind
        self.what = what
        self.why = why
        self.fix = fix
        self.cause = cause
    }

    /// The classes of errors that callers tell apart.
    package enum Kind: String, Sendable, CaseIterable {
        /// The request itself is wrong: a flag, a field, a reference, a file's content.
        case invalid
        /// The named object does not exist.
        case notFound
        /// The object exists already, or its state forbids the operation.
        case conflict
        /// The kernel or a registry refuses for want of a right.
        case denied
        /// This kernel, machine or version of Kade cannot do it.
        case unsupported
        /// A disk, table or limit is full.
        case exhausted
        /// Something outside Kade did not answer or broke off.
        case unavailable
        /// Content does not match its digest, or a file of ours is damaged.
        case corrupt
        /// The container's program does not exist (exit code 127).
        case commandNotFound
        /// The container's program exists but cannot be executed (exit code 126).
        case commandNotExecutable
        /// A defect of Kade.
        case bug
    }
}

extension Problem: CustomStringConvertible {
    /// The error as one line: "what: why".
    package var description: String { "\(what): \(why)" }
}
