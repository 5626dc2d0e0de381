package import Engine
package import OCI
import Synchronization
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
    /// `--cache-from`.
    package var cacheSources: [CachePlace] = []
    /// `--cache-to`.
    package var cacheTargets: [CacheExport] = []
    /// `--annotation`.
    package var annotations: [ImageAnnotation] = []
    /// `--provenance`, `--sbom` and `--attest`.
    package var attestations = AttestationRequest()
    /// `--allow`.
    package var entitlements: Set<BuildEntitlement> = []
    /// Whether steps tell their platform: where several are built.
    package var namesPlatform = false
    /// Counts the steps of all builds for one command.
    let stepNumbers = StepNumbers()
    /// What instructions of all these builds came to.
    let madeSteps = MadeSteps()
    /// `--plan`: what the build would do is noted there, and not done.
    package var plan: StepPlan?
    /// `--no-cache-filter`: the names of stages that are made again.
    package var uncachedStages: Set<String> = []
    /// `--pull`.
    package var pull = BasePullPolicy.missing
    /// What the build may be made of; nil is anything.
    package var sourcePolicy: SourcePolicy?
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
    package var network = BuildNetwork.standard
    /// `--add-host`.
    package var extraHosts: [String] = []
    /// `--secret`.
    package var secrets: [BuildSecret] = []
    /// `--ssh`: sockets of agents by their names.
    package var agents: [String: FilePath] = [:]
    /// `--build-context`, by ``NamedContext/name(_:)``.
    package var contexts: [String: NamedContext] = [:]
    /// `--platform`; nil is this machine's.
    package var platform: Platform?
    /// Limits of RUN.
    package var resources = ResourceRequest()
    /// The latest time in the image, in seconds since 1970 (SOURCE_DATE_EPOCH); nil is that of the
    /// base image.
    package var epochInSeconds: Int64?
    /// `rewrite-timestamp=false`: files keep the times that they have, so that the image is another
    /// one each time.
    package var keepsFileTimes = false

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

/// What a Dockerfile may do beyond the sandbox of RUN.
package enum BuildEntitlement: String, Sendable {
    /// `RUN --network=host`.
    case hostNetwork = "network.host"
    /// `RUN --security=insecure`.
    case insecure = "security.insecure"
}

/// The numbers of steps in the order in which they begin.
final class StepNumbers: Sendable {
    private let last = Mutex(0)

    func next() -> Int {
        last.withLock { number in
            number += 1
            return number
        }
    }
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
    case layout(LayoutImage)

    /// An image in an OCI layout of this machine.
    package struct LayoutImage: Sendable, Equatable {
        package var directory: FilePath
        /// The digest of its manifest or index, or its tag; nil is `latest` or the only image.
        package var name: String?

        package init(directory: FilePath, name: String?) {
            self.directory = directory
            self.name = name
        }
    }

    /// The form of a name in which names are compared: `docker.io/library/alpine:latest` is `alpine`.
    package static func name(_ text: String) -> String {
        // A text that is no reference is the name of a stage.
        guard let reference = try? ImageReference(parsing: text) else { return text }
        let familiar = reference.familiar
        return familiar.hasSuffix(":latest") ? String(familiar.dropLast(7)) : familiar
    }
}

extension BuildRequest {
    /// What a name of FROM or `--from` means beside the Dockerfile.
    func context(named name: String) -> NamedContext? {
        contexts.isEmpty ? nil : contexts[NamedContext.name(name)]
    }
}

/// The network of a build's RUN.
package enum BuildNetwork: Sendable, Equatable {
    /// That of containers that name none.
    case standard
    /// The loopback alone.
    case none
    case host
    case named(String)

    /// What is written into the cache's keys.
    var word: String {
        switch self {
        case .standard: "default"
        case .none: "none"
        case .host: "host"
        case .named(let name): name
        }
    }
}
