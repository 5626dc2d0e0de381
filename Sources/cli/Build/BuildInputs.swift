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
    let steps: StepService

    /// What was found.
    struct Found {
        var dockerfile: [UInt8]
        var name: String
        var context: FilePath?
        var ignored = IgnoreRules.none
        /// What was unpacked for it goes with this.
        var unpacked: UnpackedContext?
    }

    /// Reads it all.
    func find() throws(Problem) -> Found {
        if context == "-" { return try readStandardInput() }
        if context.contains("://") || context.hasPrefix("git@") || context.hasPrefix("github.com/")
        {
            throw Problem(
                kind: .unsupported, what: "cannot build \(context)",
                why: "this version of Kade builds directories of this machine",
                fix: "clone or unpack it, and name the directory")
        }
        let directory = FilePath(context)
        guard (try? FileStatus(of: directory).kind) == .directory else {  // a refusal says no, too
            throw Problem(
                kind: .notFound, what: "cannot build \(context)",
                why: "it is no directory of this machine")
        }
        if dockerfile == "-" {
            return Found(
                dockerfile: try StandardInput().readAll(), name: "-", context: directory,
                ignored: try rules(beside: nil, in: directory))
        }
        let path = try dockerfilePath(in: directory)
        return Found(
            dockerfile: try Self.read(path), name: path.lastComponent?.string ?? path.string,
            context: directory, ignored: try rules(beside: path, in: directory))
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
        let directory = try UnpackedContext(input, steps: steps)
        let name = dockerfile ?? "Dockerfile"
        let path = try directory.file(named: name)
        var found = Found(
            dockerfile: try Self.read(path), name: name, context: directory.path,
            ignored: try rules(beside: path, in: directory.path))
        found.unpacked = directory
        return found
    }

    /// `-f`, or the context's Dockerfile or Containerfile.
    private func dockerfilePath(in directory: FilePath) throws(Problem) -> FilePath {
        if let dockerfile { return FilePath(dockerfile) }
        let usual = directory.appending("Dockerfile")
        let other = directory.appending("Containerfile")
        return !File.exists(usual) && File.exists(other) ? other : usual
    }

    /// The ignore file of the Dockerfile's own name goes before the context's.
    private func rules(
        beside dockerfile: FilePath?, in directory: FilePath
    ) throws(Problem) -> IgnoreRules {
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

extension BuildCommand {
    /// The whole request: files are read and names resolved here.
    func request(
        _ found: BuildInputs.Found, in session: Session
    ) throws(Problem) -> BuildRequest {
        var request = BuildRequest(dockerfile: found.dockerfile, dockerfileName: found.name)
        request.context = found.context
        request.ignored = found.ignored
        request.tags = tags
        for argument in arguments {
            let parts = argument.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            request.arguments[name] =
                parts.count > 1 ? String(parts[1]) : session.environment[name]
        }
        request.target = target
        request.usesCache = !isWithoutCache
        request.pulls = pulls
        request.labels = labels.map { NamedValue($0.key, $0.value) }
        request.network = network
        request.extraHosts = extraHosts
        for secret in secrets { request.secrets.append(try read(secret, in: session)) }
        for agent in agents {
            guard let socket = agent.socket ?? session.environment["SSH_AUTH_SOCK"] else {
                throw Problem(
                    kind: .notFound, what: "cannot give --ssh \(agent.id)",
                    why: "SSH_AUTH_SOCK is not set: no agent runs",
                    fix: "start one: eval $(ssh-agent)")
            }
            request.agents[agent.id] = FilePath(socket)
        }
        for context in contexts { request.contexts[context.name] = context.context }
        request.platform = try platform.map { text throws(Problem) in
            try Platform(parsing: text)
        }
        request.resources = resources
        if let text = session.environment["SOURCE_DATE_EPOCH"],
            request.arguments["SOURCE_DATE_EPOCH"] == nil
        {
            request.arguments["SOURCE_DATE_EPOCH"] = text
        }
        return request
    }

    private func read(
        _ secret: BuildSecretFlag, in session: Session
    ) throws(Problem) -> BuildSecret {
        if let variable = secret.variable {
            guard let value = session.environment[variable] else {
                throw Problem(
                    kind: .notFound, what: "cannot give --secret id=\(secret.id)",
                    why: "the variable \(variable) is not set")
            }
            return BuildSecret(id: secret.id, content: Array(value.utf8))
        }
        if secret.file == nil, let value = session.environment[secret.id] {
            return BuildSecret(id: secret.id, content: Array(value.utf8))
        }
        let text = try FlagFile.bytes(of: secret.file ?? secret.id, flag: "--secret")
        return BuildSecret(id: secret.id, content: text)
    }
}
