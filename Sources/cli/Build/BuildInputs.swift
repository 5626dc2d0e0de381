import Build
import Diagnostics
import Engine
import Linux
import OCI
import SystemPackage

/// Finds a build's Dockerfile, its context and what of that does not count.
struct BuildInputs {
    /// The operand: a directory, or `-`.
    let context: String
    /// `-f`.
    let dockerfile: String?
    /// `--ignorefile`: in the place of the usual ones.
    let ignoreFile: String?
    /// `BUILDKIT_CONTEXT_KEEP_GIT_DIR`: whether a repository comes with its history.
    let keepsHistory: Bool
    let steps: StepService

    /// What was found.
    struct Found {
        var dockerfile: [UInt8]
        var name: String
        /// Where the Dockerfile is, when it is a file of this machine.
        var path: FilePath?
        var context: FilePath?
        var ignored = IgnoreRules.none
        /// What was unpacked for it, and for named contexts, goes with this.
        var unpacked: [UnpackedContext] = []
        /// Agents with the user's keys go with this, too.
        var agents: [KeyAgent] = []
    }

    /// Reads it all.
    func find() throws(Problem) -> Found {
        if context == "-" { return try readStandardInput() }
        if GitSource(context) != nil {
            return try found(
                in: .remote(context, keepsHistory: keepsHistory, steps: steps))
        }
        if context.hasPrefix("http://") || context.hasPrefix("https://") {
            return try readWebFile()
        }
        let directory = FilePath(context)
        guard (try? FileStatus(of: directory).kind) == .directory else {  // a refusal says no, too
            throw Problem(
                kind: .notFound, what: "cannot build \(context)",
                why: "it is no directory of this machine",
                fix: "name the directory with the files; '.' is the current one")
        }
        if dockerfile == "-" {
            return Found(
                dockerfile: try StandardInput().readAll(), name: "-", context: directory,
                ignored: try rules(beside: nil, in: directory))
        }
        let path = try dockerfilePath(in: directory)
        return Found(
            dockerfile: try Self.read(path), name: path.lastComponent?.string ?? path.string,
            path: path, context: directory, ignored: try rules(beside: path, in: directory))
    }

    /// A Dockerfile alone, or an archive of the whole context.
    private func readStandardInput() throws(Problem) -> Found {
        let input = try StandardInput()
        guard ArchiveMagic.mayBeArchive(input.start) else {
            guard dockerfile == nil || dockerfile == "-" else {
                throw Problem(
                    kind: .invalid, what: "cannot build -",
                    why: "standard input is no archive that could hold \(dockerfile ?? "")")
            }
            return Found(dockerfile: try input.readAll(), name: "-", context: nil)
        }
        guard dockerfile != "-" else {
            throw Problem(
                kind: .invalid, what: "cannot build - with -f -",
                why: "standard input cannot be both the context and the Dockerfile")
        }
        let archive = try input.spooled(in: steps)
        return try found(in: UnpackedContext(archive, named: "-", steps: steps))
    }

    /// A Dockerfile of the web alone, or an archive of the whole context.
    private func readWebFile() throws(Problem) -> Found {
        let file = try steps.temporaryFile()
        try steps.download(context, into: file.rawValue)
        let name = context
        let start = try readProblem(name) { () throws(SystemCallError) in
            try file.seek(toOffsetInBytes: 0)
            return try file.read(upToBytes: 512)
        }
        if ArchiveMagic.mayBeArchive(start) {
            return try found(in: UnpackedContext(file, named: context, steps: steps))
        }
        guard dockerfile == nil else {
            throw Problem(
                kind: .invalid, what: "cannot build \(context)",
                why: "it is no archive that could hold \(dockerfile ?? "")")
        }
        let content = try readProblem(name) { () throws(SystemCallError) in
            try file.seek(toOffsetInBytes: 0)
            return try file.readAll()
        }
        return Found(dockerfile: content, name: "Dockerfile", context: nil)
    }

    /// What a context that was unpacked holds.
    private func found(in directory: UnpackedContext) throws(Problem) -> Found {
        var found: Found
        if dockerfile == "-" {
            found = Found(
                dockerfile: try StandardInput().readAll(), name: "-", context: directory.path,
                ignored: try rules(beside: nil, in: directory.path))
        } else {
            let name = dockerfile ?? directory.usualDockerfile
            let path = try directory.file(named: name)
            found = Found(
                dockerfile: try Self.read(path), name: name, context: directory.path,
                ignored: try rules(beside: path, in: directory.path))
        }
        found.unpacked = [directory]
        return found
    }

    private func readProblem<Value>(
        _ name: String, _ body: () throws(SystemCallError) -> Value
    ) throws(Problem) -> Value {
        do throws(SystemCallError) {
            return try body()
        } catch {
            throw Problem(
                kind: .unavailable, what: "cannot read \(name)", why: "\(error)", cause: error)
        }
    }

    /// `-f`, or the context's Dockerfile or Containerfile.
    private func dockerfilePath(in directory: FilePath) throws(Problem) -> FilePath {
        if let dockerfile { return FilePath(dockerfile) }
        return directory.appending(Self.usualDockerfile(in: directory))
    }

    /// Docker's name, or podman's where only that is there.
    static func usualDockerfile(in directory: FilePath) -> String {
        let hasOther = File.exists(directory.appending("Containerfile"))
        return hasOther && !File.exists(directory.appending("Dockerfile"))
            ? "Containerfile" : "Dockerfile"
    }

    /// The ignore file of the Dockerfile's own name goes before the context's.
    private func rules(
        beside dockerfile: FilePath?, in directory: FilePath
    ) throws(Problem) -> IgnoreRules {
        if let ignoreFile {
            let text = String(decoding: try Self.read(FilePath(ignoreFile)), as: UTF8.self)
            return try IgnoreRules(parsing: text, file: ignoreFile)
        }
        let own = dockerfile.map { FilePath("\($0).dockerignore") }
        let candidates =
            [own].compactMap(\.self) + [
                directory.appending(".containerignore"), directory.appending(".dockerignore"),
            ]
        for path in candidates where File.exists(path) {
            let text = String(decoding: try Self.read(path), as: UTF8.self)
            return try IgnoreRules(parsing: text, file: path.string)
        }
        return .none
    }

    private static func read(_ path: FilePath) throws(Problem) -> [UInt8] {
        do {
            return try File.read(path)
        } catch {
            throw Problem(
                kind: error.errno == .noSuchFileOrDirectory ? .notFound : .denied,
                what: "cannot read \(path)", why: "\(error.errno)",
                fix: error.errno == .noSuchFileOrDirectory ? "name the Dockerfile with -f" : nil,
                cause: error)
        }
    }
}
