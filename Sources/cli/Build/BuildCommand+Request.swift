import Build
import Diagnostics
import Engine
import OCI
import SystemPackage

extension BuildCommand {
    /// The whole request: files are read and names resolved here.
    func request(
        _ found: BuildInputs.Found, in session: Session
    ) throws(Problem) -> BuildRequest {
        var request = BuildRequest(dockerfile: found.dockerfile, dockerfileName: found.name)
        request.context = found.context
        request.ignored = found.ignored
        request.tags = tags
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
        request.environment = environment.compactMap { text in
            let value = Self.value(text, in: session)
            return value.value.map { NamedValue(value.name, $0) }
        }
        request.unsetEnvironment = Set(unsetEnvironment)
        request.target = target
        request.usesCache = !isWithoutCache
        request.uncachedStages = Set(uncachedStages.joined())
        request.pull = pullsNever ? .never : pullsAlways ? .always : pull
        request.firstBase = firstBase
        request.squash = squashesAll ? .all : squashes || !keepsLayers ? .new : .none
        request.omitsHistory = omitsHistory
        request.epochInSeconds = epochInSeconds
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
        request.platform = try wantedPlatform()
        request.resources = resources
        if let text = session.environment["SOURCE_DATE_EPOCH"],
            request.arguments["SOURCE_DATE_EPOCH"] == nil
        {
            request.arguments["SOURCE_DATE_EPOCH"] = text
        }
        return request
    }

    /// `--platform`, or `--os`, `--arch` and `--variant`.
    private func wantedPlatform() throws(Problem) -> Platform? {
        if let platform { return try Platform(parsing: platform) }
        guard os != nil || architecture != nil || variant != nil else { return nil }
        let text = [os ?? "linux", architecture ?? Platform.host.architecture, variant]
        return try Platform(parsing: text.compactMap(\.self).joined(separator: "/"))
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
