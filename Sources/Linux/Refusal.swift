package import Diagnostics
package import SystemPackage

extension Problem {
    /// What a kernel's refusal means where nothing more is known than the errno.
    ///
    /// - Parameters:
    ///   - what: what could not be done, with the object's name.
    ///   - refusal: the kernel's answer.
    ///   - fix: what the user can do.
    package init(what: String, refusal: SystemCallError, fix: String? = nil) {
        self.init(
            kind: Kind(refusal.errno), what: what,
            why: "\(refusal.call) \(refusal.subject): \(refusal.errno)", fix: fix, cause: refusal)
    }
}

extension Problem.Kind {
    /// The class of error that an errno stands for.
    package init(_ errno: Errno) {
        self =
            switch errno {
            case .notPermitted, .permissionDenied: .denied
            case .noSuchFileOrDirectory, .noSuchProcess: .notFound
            case .noFunction, .notSupported, .noSuchAddressOrDevice, .addressFamilyNotSupported:
                .unsupported
            case .noSpace, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory,
                .diskQuotaExceeded:
                .exhausted
            case .fileExists, .resourceBusy, .directoryNotEmpty: .conflict
            case .timedOut, .connectionRefused, .brokenPipe, .resourceTemporarilyUnavailable:
                .unavailable
            default: .invalid
            }
    }
}

extension SystemCallError {
    /// What to do where a file that the user has named is not there; nil after other refusals.
    package var fixOfNamedFile: String? {
        switch errno {
        case .noSuchFileOrDirectory, .notDirectory:
            "the path is one of this machine, from the current directory on"
        default: nil
        }
    }
}

/// Runs a call and gives the kernel's refusal its meaning.
///
/// - Parameters:
///   - what: what could not be done, with the object's name; evaluated only then.
///   - fix: what the user can do.
///   - body: makes the call.
/// - Returns: what the call returned.
/// - Throws: the ``Problem`` that the refusal means.
package func explaining<Result: ~Copyable>(
    _ what: @autoclosure () -> String, fix: @autoclosure () -> String? = nil,
    _ body: () throws(SystemCallError) -> Result
) throws(Problem) -> Result {
    do throws(SystemCallError) {
        return try body()
    } catch {
        throw Problem(what: what(), refusal: error, fix: fix())
    }
}
