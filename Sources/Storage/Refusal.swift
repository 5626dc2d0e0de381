package import Diagnostics
package import Linux
import SystemPackage

extension Problem {
    /// Says what a refused system call was for.
    package init(_ refusal: SystemCallError, what: String) {
        let kind: Kind
        var fix: String?
        switch refusal.errno {
        case .noSpace, .diskQuotaExceeded:
            (kind, fix) = (.exhausted, "free space on the disk, then try again")
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem: kind = .exhausted
        case .permissionDenied, .notPermitted: (kind, fix) = (.denied, "run it as root")
        case .readOnlyFileSystem: kind = .denied
        case .noSuchFileOrDirectory: kind = .notFound
        case .ioError: kind = .unavailable
        case .notSupported, .noFunction: kind = .unsupported
        default: kind = .invalid
        }
        self.init(kind: kind, what: what, why: "\(refusal)", fix: fix, cause: refusal)
    }
}

/// Runs calls of the kernel and says, when one is refused, what they were for.
package func asking<Result: ~Copyable>(
    _ what: @autoclosure () -> String, _ body: () throws(SystemCallError) -> Result
) throws(Problem) -> Result {
    do throws(SystemCallError) {
        return try body()
    } catch {
        throw Problem(error, what: what())
    }
}

/// ``asking(_:_:)`` for a file that the user has named, which may not be there.
package func askingForNamed<Result: ~Copyable>(
    _ what: @autoclosure () -> String, _ body: () throws(SystemCallError) -> Result
) throws(Problem) -> Result {
    do throws(SystemCallError) {
        return try body()
    } catch {
        var problem = Problem(error, what: what())
        problem.fix = problem.fix ?? error.fixOfNamedFile
        throw problem
    }
}
