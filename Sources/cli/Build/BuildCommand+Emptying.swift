import Build
import Diagnostics
import Linux
import SystemPackage

/// `--output type=local,mode=delete`: what goes, and what has to stay.
extension BuildCommand {
    /// The directories that are emptied before the result is written there.
    func emptiedDirectories(
        _ found: BuildInputs.Found, _ request: BuildRequest, in session: Session
    ) throws(Problem) -> [EmptiedDirectory] {
        let paths = wantedOutputs.compactMap { output -> FilePath? in
            guard case .directory(let target) = output, target.isExact else { return nil }
            return FilePath(target.path)
        }
        guard !paths.isEmpty else { return [] }
        let kept = try keptThings(found, request, in: session)
        return paths.map { EmptiedDirectory($0, keeping: kept) }
    }

    /// What the build, or whoever asked for it, would miss.
    private func keptThings(
        _ found: BuildInputs.Found, _ request: BuildRequest, in session: Session
    ) throws(Problem) -> [EmptiedDirectory.Kept] {
        var kept: [EmptiedDirectory.Kept] = []
        func keep(_ path: FilePath?, _ name: String) {
            if let path { kept.append(.init(path, name)) }
        }
        keep(found.context, "the build's context")
        keep(found.path, "the Dockerfile")
        keep(ignoreFile.map { FilePath($0) }, "the ignore file")
        for (name, context) in request.contexts.sorted(by: { $0.key < $1.key }) {
            switch context {
            case .directory(let path): keep(path, "the context \(name)")
            case .layout(let layout): keep(layout.directory, "the context \(name)")
            case .image: continue
            }
        }
        for secret in secrets { keep(secret.file.map { FilePath($0) }, "the secret \(secret.id)") }
        keep(try session.dataRoot, "Kade's data root")
        keep(try session.runRoot, "Kade's run root")
        do throws(SystemCallError) {
            keep(try WorkingDirectory.path(), "the current directory")
        } catch  where error.errno == .noSuchFileOrDirectory {
            return kept  // it is gone already
        } catch {
            throw Problem(
                kind: .unavailable, what: "cannot look for the current directory",
                why: "\(error)", cause: error)
        }
        return kept
    }
}
