import Diagnostics
import OCI

/// `--build-arg`s that are for the builder itself (Dockerfile reference, "BuildKit built-in build
/// args").
extension BuildRequest {
    /// Their names; others of BuildKit's are reported as unused where no ARG declares them.
    static let builderArguments: Set<String> = [
        "BUILDKIT_CACHE_MOUNT_NS", "BUILDKIT_CONTEXT_KEEP_GIT_DIR", "BUILDKIT_DOCKERFILE_CHECK",
        "BUILDKIT_INLINE_CACHE", "BUILDKIT_MULTI_PLATFORM", "BUILDKIT_SANDBOX_HOSTNAME",
        "BUILDKIT_SYNTAX", "SOURCE_DATE_EPOCH",
    ]

    /// The host name of RUN, where it is not the usual one.
    var sandboxHostname: String? { builderArgument("BUILDKIT_SANDBOX_HOSTNAME") }

    /// The ID of a cache mount, among those of a name that is given.
    func cacheMountID(_ id: String) -> String {
        builderArgument("BUILDKIT_CACHE_MOUNT_NS").map { "\($0)/\(id)" } ?? id
    }

    /// Whether one platform makes an index, and a directory of its own, too.
    var wantsIndex: Bool {
        ["1", "true"].contains(builderArgument("BUILDKIT_MULTI_PLATFORM")?.lowercased())
    }

    /// What build checks look for; the argument goes before the file's directive.
    ///
    /// - Throws: `.invalid` for what cannot be read.
    func checkOptions(_ directives: ParserDirectives) throws(Problem) -> CheckOptions {
        var directives = directives
        directives.check = builderArgument("BUILDKIT_DOCKERFILE_CHECK") ?? directives.check
        return try CheckOptions(of: directives, in: dockerfileName)
    }

    /// Refuses a file for a frontend other than Docker's, whose language Kade reads itself.
    ///
    /// - Throws: `.unsupported`.
    func checkFrontend(_ directives: ParserDirectives) throws(Problem) {
        guard let name = builderArgument("BUILDKIT_SYNTAX") ?? directives.syntax else { return }
        let word = name.split(separator: " ").first.map(String.init) ?? ""
        // What is no reference is no frontend of Docker's either.
        let repository = (try? ImageReference(parsing: word))?.repository ?? ""
        let isKnown = ["docker/dockerfile", "docker/dockerfile-upstream"].contains {
            repository.hasSuffix("/\($0)")
        }
        guard !isKnown else { return }
        throw Problem(
            kind: .unsupported, what: "cannot build \(dockerfileName)",
            why:
                "it is for the frontend \(name), and this version of Kade reads Dockerfiles itself",
            fix: "leave out syntax= where the file is an ordinary Dockerfile")
    }

    private func builderArgument(_ name: String) -> String? {
        arguments[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension ImageBuild {
    /// Whether the result is kept as one of several platforms, though it may be the only one.
    package var wantsIndex: Bool { request.wantsIndex }
}
