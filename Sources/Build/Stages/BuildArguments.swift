import Diagnostics
package import OCI

/// The values that ARG instructions get: `--build-arg`, platforms, and what stands before FROM.
package struct BuildArguments: Sendable, Equatable {
    /// `--build-arg`.
    let given: [String: String]
    /// TARGETPLATFORM and its parts; they need no value from anybody.
    private let platforms: [String: String]
    /// What ARG before the first FROM declared.
    private(set) var global: [String: String] = [:]

    package init(given: [String: String], target: Platform, build: Platform) {
        self.given = given
        var platforms: [String: String] = [:]
        for (prefix, platform) in [("TARGET", target), ("BUILD", build)] {
            platforms["\(prefix)PLATFORM"] = "\(platform)"
            platforms["\(prefix)OS"] = platform.os
            platforms["\(prefix)ARCH"] = platform.architecture
            platforms["\(prefix)VARIANT"] = platform.variant ?? ""
        }
        self.platforms = platforms
    }

    /// Proxies that RUN sees without an ARG, and that no cache key and no history shows.
    static let proxyNames: [String] = ["http", "https", "ftp", "no", "all"].flatMap {
        ["\($0.uppercased())_PROXY", "\($0)_proxy"]
    }

    /// The proxies that were given, as `NAME=value`.
    var proxies: [String] {
        Self.proxyNames.compactMap { name in given[name].map { "\(name)=\($0)" } }
    }

    /// The arguments of `--build-arg` that no ARG of the file declares.
    func unused(by dockerfile: Dockerfile) -> [String] {
        var declared = BuildRequest.builderArguments.union(Self.proxyNames)
        for arguments in dockerfile.globalArguments {
            declared.formUnion(arguments.declarations.map(\.name))
        }
        for stage in dockerfile.stages {
            for placed in stage.instructions {
                guard case .argument(let declarations) = placed.instruction else { continue }
                declared.formUnion(declarations.map(\.name))
            }
        }
        return given.keys.filter { !declared.contains($0) }.sorted()
    }

    /// Takes in the ARG instructions before the first FROM.
    mutating func declareGlobals(of dockerfile: Dockerfile) throws(Problem) {
        for placed in dockerfile.globalArguments {
            do throws(ShellMistake) {
                for declaration in placed.declarations {
                    let lexer = lexer(dockerfile)
                    let name = try lexer.word(declaration.name)
                    let usual = try declaration.value.map { text throws(ShellMistake) in
                        try lexer.word(text)
                    }
                    global[name] = given[name] ?? usual ?? platforms[name]
                }
            } catch {
                throw placed.source.problem(error.why)
            }
        }
    }

    /// A text of FROM with the arguments before it.
    func expanded(
        _ text: String, of stage: Dockerfile.Stage, in dockerfile: Dockerfile
    ) throws(Problem) -> String {
        do throws(ShellMistake) {
            return try lexer(dockerfile).word(text)
        } catch {
            throw stage.source.problem(error.why)
        }
    }

    /// TARGETPLATFORM and the others that need no declaration before FROM.
    var platformNames: Set<String> { Set(platforms.keys) }

    /// The value of an ARG without a default inside of a stage; nil leaves it unset.
    func inherited(_ name: String) -> String? { global[name] ?? platforms[name] }

    private func lexer(_ dockerfile: Dockerfile) -> ShellLexer {
        let (global, platforms) = (global, platforms)
        return ShellLexer(escape: dockerfile.directives.escape) { global[$0] ?? platforms[$0] }
    }
}
