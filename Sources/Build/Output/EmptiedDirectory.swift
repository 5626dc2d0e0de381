package import Diagnostics
import Linux
import Storage
package import SystemPackage

/// A directory of the host that is emptied before a result is written there (`mode=delete`).
package struct EmptiedDirectory: Sendable {
    let path: FilePath
    /// What has to stay.
    let kept: [Kept]

    /// Something that the build, or whoever asked for it, would miss.
    package struct Kept: Sendable {
        var path: FilePath
        /// What it is, with an article.
        var name: String

        package init(_ path: FilePath, _ name: String) {
            self.path = path
            self.name = name
        }
    }

    package init(_ path: FilePath, keeping kept: [Kept]) {
        self.path = path
        self.kept = kept
    }

    /// Removes what is in the directory, or does nothing where there is none.
    ///
    /// - Throws: as ``check()``; `.unavailable` for what cannot be removed.
    package func empty() throws(Problem) {
        try check()
        do throws(SystemCallError) {
            let place = OpenDirectory(adopting: try OwnedFD.open(path, [.readOnly, .directory]))
            for name in try place.names() { try place.removeTree(name) }
        } catch  where error.errno == .noSuchFileOrDirectory {
            return
        } catch {
            throw Problem(
                kind: .unavailable, what: "cannot empty \(path)", why: "\(error)", cause: error)
        }
    }

    /// Refuses a directory that is the root, or that has something in it that has to stay.
    ///
    /// - Throws: `.conflict`.
    package func check() throws(Problem) {
        let what = "cannot empty \(path)"
        let why = try asking(what) { () throws(SystemCallError) in try reason() }
        guard let why else { return }
        throw Problem(
            kind: .conflict, what: what, why: why,
            fix: "write to another directory, or leave out mode=delete")
    }

    /// Why it must stay as it is; nil where it need not.
    private func reason() throws(SystemCallError) -> String? {
        guard let own = try Self.identity(of: path) else { return nil }
        if try FileStatus(of: "/").identity == own { return "it is the root directory" }
        for thing in kept {
            for way in try Self.ways(to: thing.path) where try Self.isOn(way, own) {
                return "\(thing.name) would go, too: \(thing.path)"
            }
        }
        return nil
    }

    /// A path as somebody wrote it, and where it leads.
    private static func ways(to path: FilePath) throws(SystemCallError) -> [FilePath] {
        let written = path.lexicallyNormalized()
        do throws(SystemCallError) {
            let file = try OwnedFD.open(path, .path)
            // Open as long as its place is asked for.
            defer { withExtendedLifetime(file) {} }
            return [written, try Link.target(of: file.procPath)]
        } catch  where error.isAbsence {
            return [written]
        }
    }

    /// Whether a path is a directory, or leads through it.
    private static func isOn(
        _ path: FilePath, _ directory: FileStatus.Identity
    ) throws(SystemCallError) -> Bool {
        var rest = path
        while true {
            if try identity(of: rest) == directory { return true }
            guard rest.lastComponent != nil else { return false }
            rest.removeLastComponent()
        }
    }

    private static func identity(of path: FilePath) throws(SystemCallError)
        -> FileStatus.Identity?
    {
        do throws(SystemCallError) {
            return try FileStatus(of: path).identity
        } catch  where error.isAbsence {
            return nil
        }
    }
}

extension SystemCallError {
    /// Whether there is nothing of the name.
    fileprivate var isAbsence: Bool {
        errno == .noSuchFileOrDirectory || errno == .notDirectory
    }
}
