import Diagnostics
import Linux
import SystemPackage

/// Docker's rules of what `cp` copies where (moby/go-archive, copy.go).
enum CopyRules {
    /// What is copied.
    struct Source: Sendable, Equatable {
        var path: CopyPath
        var isDirectory: Bool
    }

    /// What is done.
    enum Decision: Sendable, Equatable {
        /// The directory's content goes into the directory that is there.
        case fill
        /// It goes into the directory that is there, under this name.
        case into(name: String)
        /// It becomes what the destination names.
        case become
    }

    /// Decides.
    ///
    /// - Parameters:
    ///   - source: what is copied, which exists.
    ///   - destination: where to.
    ///   - existing: what is there; nil where nothing is.
    /// - Returns: what is done.
    /// - Throws: `.invalid`, with Docker's words, for what does not go together.
    static func decide(
        _ source: Source, to destination: CopyPath, existing: FileStatus.Kind?
    ) throws(Problem) -> Decision {
        if source.path.asksForDirectory, !source.isDirectory {
            throw refusal(source.path, "not a directory")
        }
        switch existing {
        case .directory:
            return source.isDirectory && source.path.meansContent
                ? .fill : .into(name: source.path.name)
        case .some:
            if source.isDirectory {
                throw Problem(
                    kind: .invalid, what: "cannot copy directory",
                    why: "\(destination.path) is none",
                    fix: "copy it to a path that is not there, or is a directory")
            }
            if destination.asksForDirectory { throw refusal(destination, "not a directory") }
            return .become
        case nil:
            guard source.isDirectory || !destination.asksForDirectory else {
                throw refusal(destination, "no such directory")
            }
            return .become
        }
    }

    private static func refusal(_ path: CopyPath, _ why: String) -> Problem {
        Problem(kind: .invalid, what: "cannot copy \(path.path)", why: why)
    }
}
