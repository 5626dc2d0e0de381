import Build
import Diagnostics
import Engine
import Linux
import OCI
import SystemPackage

extension BuildCommand {
    /// The whole request: files are read and names resolved here.
    func request(
        _ found: inout BuildInputs.Found, in session: Session
    ) throws(Problem) -> BuildRequest {
        var request = BuildRequest(dockerfile: found.dockerfile, dockerfileName: found.name)
        request.context = found.context
        request.ignored = found.ignored
        request.tags = tags
        try addArguments(to: &request, in: session)
        if request.arguments["BUILDKIT_INLINE_CACHE"] == "1" {
            request.cacheTargets.append(CacheExport(.inline, includesAllStages: false))
        }
        request.environment = environment.compactMap { text in
            let value = Self.value(text, in: session)
            return value.value.map { NamedValue(value.name, $0) }
        }
        request.unsetEnvironment = Set(unsetEnvironment)
        request.target = target
        request.usesCache = !isWithoutCache
        request.cacheSources = cacheSources
        request.cacheTargets += cacheTargets
        request.uncachedStages = Set(uncachedStages.joined())
        request.pull = pullsNever ? .never : pullsAlways ? .always : pull
        request.firstBase = firstBase
        request.sourcePolicy = try sourcePolicy(in: session)
        request.squash = squashesAll ? .all : squashes || !keepsLayers ? .new : .none
        request.omitsHistory = omitsHistory
        request.epochInSeconds = epochInSeconds
        request.keepsFileTimes = try keepsFileTimes()
        request.labels = labels.map { NamedValue($0.key, $0.value) }
        request.network = network
        request.extraHosts = extraHosts
        for secret in secrets { request.secrets.append(try read(secret, in: session)) }
        for agent in agents { try add(agent, to: &request, &found, in: session) }
        for context in contexts {
            switch context.source {
            case .ready(let ready): request.contexts[context.name] = ready
            case .remote(let address):
                let steps = try session.engine().steps
                let unpacked = try UnpackedContext.remote(
                    address, keepsHistory: false, steps: steps)
                found.unpacked.append(unpacked)
                request.contexts[context.name] = .directory(unpacked.path)
            }
        }
        request.platform = try wantedPlatforms().first
        request.entitlements = Set(entitlements)
        request.annotations = Array(annotations.joined())
        request.attestations.provenance = provenance
        request.attestations.listsPackages = listsPackages
        for attestation in attestations {
            switch attestation {
            case .provenance(let mode): request.attestations.provenance = mode
            case .packages(let isWanted): request.attestations.listsPackages = isWanted
            }
        }
        request.resources = resources
        try checkOutputs(of: request)
        if let text = session.environment["SOURCE_DATE_EPOCH"],
            request.arguments["SOURCE_DATE_EPOCH"] == nil
        {
            request.arguments["SOURCE_DATE_EPOCH"] = text
        }
        return request
    }

    /// `--source-policy-file`, or the file that BuildKit's variable names.
    private func sourcePolicy(in session: Session) throws(Problem) -> SourcePolicy? {
        let variable = session.environment["EXPERIMENTAL_BUILDKIT_SOURCE_POLICY"]
        guard let file = sourcePolicyFile ?? variable, !file.isEmpty else { return nil }
        let what = "cannot read the source policy \(file)"
        let text: [UInt8]
        do throws(SystemCallError) {
            text = try File.read(FilePath(file))
        } catch {
            throw Problem(
                kind: Problem.Kind(error.errno), what: what, why: "\(error.errno)",
                fix: error.fixOfNamedFile, cause: error)
        }
        return try SourcePolicy(json: text, named: file)
    }

    /// `--build-arg-file` and `--build-arg`, and the proxies of Docker's `config.json`.
    func addArguments(
        to request: inout BuildRequest, in session: Session
    ) throws(Problem) {
        for file in argumentFiles {
            for argument in try FlagFile.lines(of: file, flag: "--build-arg-file") {
                let value = Self.value(argument, in: session)
                request.arguments[value.name] = value.value
            }
        }
        for argument in arguments {
            let value = Self.value(argument, in: session)
            request.arguments[value.name] = value.value
        }
        for (name, value) in try DockerProxies.variables(in: session)
        where request.arguments[name] == nil { request.arguments[name] = value }
    }

    /// `--platform`, or `--os`, `--arch` and `--variant`; none for this machine's.
    func wantedPlatforms() throws(Problem) -> [Platform] {
        var texts = platforms.flatMap { $0.split(separator: ",").map(String.init) }
        if texts.isEmpty, os != nil || architecture != nil || variant != nil {
            let words = [os ?? "linux", architecture ?? Platform.host.architecture, variant]
            texts = [words.compactMap(\.self).joined(separator: "/")]
        }
        var found: [Platform] = []
        for text in texts {
            let platform = try Platform(parsing: text)
            if !found.contains(platform) { found.append(platform) }
        }
        return found
    }

    /// Gives the build an agent: one that runs, or one of its own with the user's keys.
    private func add(
        _ agent: BuildAgentFlag, to request: inout BuildRequest, _ found: inout BuildInputs.Found,
        in session: Session
    ) throws(Problem) {
        let usual = session.environment["SSH_AUTH_SOCK"].map { [$0] } ?? []
        let files = (agent.files.isEmpty ? usual : agent.files).map { FilePath($0) }
        guard let first = files.first else {
            throw Problem(
                kind: .notFound, what: "cannot give --ssh \(agent.id)",
                why: "SSH_AUTH_SOCK is not set: no agent runs",
                fix: "start one: eval $(ssh-agent), or name a key: --ssh \(agent.id)=FILE")
        }
        var sockets = 0
        for file in files {
            do throws(SystemCallError) {
                if try FileStatus(of: file).kind == .socket { sockets += 1 }
            } catch {
                throw Problem(
                    kind: .notFound, what: "cannot give --ssh \(agent.id)", why: "\(error)",
                    cause: error)
            }
        }
        if sockets == 1, files.count == 1 { return request.agents[agent.id] = first }
        guard sockets == 0 else {
            throw Problem(
                kind: .invalid, what: "cannot give --ssh \(agent.id)",
                why: "it is one socket of an agent, or keys", fix: "give each an id of its own")
        }
        let own = try session.engine().steps.startAgent(with: files)
        found.agents.append(own)
        request.agents[agent.id] = own.socket
    }

    /// `NAME=value`, or `NAME` with the value of Kade's own environment.
    private static func value(_ text: String, in session: Session) -> ArgumentDeclaration {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        return ArgumentDeclaration(
            name, parts.count > 1 ? String(parts[1]) : session.environment[name])
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
