package import Engine
package import OCI
package import SystemPackage

/// What someone asks of a build: the flags of `build` as plain values.
package struct BuildRequest: Sendable {
    /// The Dockerfile's bytes.
    package var dockerfile: [UInt8]
    /// Its name for errors.
    package var dockerfileName: String
    /// The directory that COPY and ADD take files from; nil without a context.
    package var context: FilePath?
    /// What of the context does not count.
    package var ignored = IgnoreRules.none
    /// `--tag`.
    package var tags: [String] = []
    /// `--build-arg`.
    package var arguments: [String: String] = [:]
    /// `--target`.
    package var target: String?
    /// `--no-cache`: every instruction is done again.
    package var usesCache = true
    /// `--no-cache-filter`: the names of stages that are made again.
    package var uncachedStages: Set<String> = []
    /// `--pull`.
    package var pull = BasePullPolicy.missing
    /// `--from`: the image in the place of the first FROM's.
    package var firstBase: String?
    /// `--env`: variables that every stage begins with.
    package var environment: [NamedValue] = []
    /// `--unsetenv`: variables that the image does not have.
    package var unsetEnvironment: Set<String> = []
    /// `--squash` and `--squash-all`.
    package var squash = LayerSquash.none
    /// `--omit-history`: the image tells of no instruction.
    package var omitsHistory = false
    /// `--label`.
    package var labels: [NamedValue] = []
    /// `--network`.
    package var network = NamespaceMode.isolated
    /// `--add-host`.
    package var extraHosts: [String] = []
    /// `--secret`.
    package var secrets: [BuildSecret] = []
    /// `--ssh`: sockets of agents by their names.
    package var agents: [String: FilePath] = [:]
    /// `--build-context`.
    package var contexts: [String: NamedContext] = [:]
    /// `--platform`; nil is this machine's.
    package var platform: Platform?
    /// Limits of RUN.
    package var resources = ResourceRequest()
    /// The latest time in the image, in seconds since 1970 (SOURCE_DATE_EPOCH); nil is that of the
    /// base image.
    package var epochInSeconds: Int64?

    package init(dockerfile: [UInt8], dockerfileName: String) {
        self.dockerfile = dockerfile
        self.dockerfileName = dockerfileName
    }
}

/// When images are asked for though the store has them.
package enum BasePullPolicy: String, Sendable {
    /// When the store does not have them.
    case missing
    case always
    case never
}

/// A secret that RUN may mount.
package struct BuildSecret: Sendable {
    package var id: String
    package var content: [UInt8]

    package init(id: String, content: [UInt8]) {
        self.id = id
        self.content = content
    }
}

/// `--build-context name=…`: files under a name, for FROM, `COPY --from` and `RUN --mount`.
package enum NamedContext: Sendable, Equatable {
    case directory(FilePath)
    case image(String)
}
