package import Diagnostics
package import OCI

/// How the machine's owner wants registries to be used: containers-registries.conf(5), version 2.
///
/// Keys that Kade does not know belong to other tools and are passed over, as they do it.
package struct RegistriesConfiguration: Sendable, Equatable {
    /// `[[registry]]`, each prefix once.
    var registries: [Registry] = []
    /// Where names without a registry are looked for.
    var unqualifiedSearchRegistries: [String] = []
    /// Whole names for short ones.
    var aliases: [String: String] = [:]
    /// How much a short name may be guessed.
    var shortNameMode = ShortNameMode.permissive
    /// Who keeps credentials, in order; empty means the usual files.
    var credentialHelpers: [String] = []

    package init() {}

    /// A part of the namespace of images, and where it really is.
    struct Registry: Sendable, Equatable {
        /// The names it is about: "r.example/team", or "*.example" for all hosts below.
        var prefix: String
        /// What takes the prefix's place; nil for a prefix with "*.", which stays.
        var location: String?
        /// Whether http will do, and any certificate.
        var isInsecure = false
        /// Whether it must not be used.
        var isBlocked = false
        /// Where images come from before the registry itself.
        var mirrors: [Mirror] = []
        /// Whether mirrors are asked for digests only.
        var usesMirrorsByDigestOnly = false
    }

    /// Another place of the same images.
    struct Mirror: Sendable, Equatable {
        var location: String
        var isInsecure = false
        var use = Use.all

        /// What it is asked for (`pull-from-mirror`).
        enum Use: String, Sendable {
            case all
            case digestOnly = "digest-only"
            case tagOnly = "tag-only"
        }
    }

    /// `short-name-mode`.
    enum ShortNameMode: String, Sendable {
        case enforcing, permissive, disabled
    }
}

extension RegistriesConfiguration {
    /// The registry entry for a name, by its longest prefix.
    ///
    /// - Parameter name: "r.example/team/app", with tag or digest or without.
    /// - Returns: nil where the file says nothing of it.
    func registry(of name: String) -> Registry? {
        var best: (registry: Registry, length: Int)?
        for registry in registries {
            guard let length = PrefixMatch.length(of: registry.prefix, in: name) else { continue }
            if let best, best.length >= length { continue }
            best = (registry, length)
        }
        return best?.registry
    }

    /// Where an image is pulled from: mirrors first, the registry last.
    ///
    /// - Throws: `.denied` when the registry is blocked; `.invalid` when a location makes no name.
    package func sources(of reference: ImageReference) throws(Problem) -> [RegistryEndpoint] {
        let name = reference.repository
        let own = try endpoint(of: reference)
        guard let registry = registry(of: name) else { return [own] }
        var sources: [RegistryEndpoint] = []
        for mirror in registry.mirrors {
            let isDigest = reference.digest != nil
            if registry.usesMirrorsByDigestOnly && !isDigest { continue }
            if mirror.use == .digestOnly && !isDigest || mirror.use == .tagOnly && isDigest {
                continue
            }
            sources.append(
                try RegistryEndpoint(
                    location: mirror.location, replacing: registry.prefix, in: name,
                    isInsecure: mirror.isInsecure, isMirror: true))
        }
        return sources + [own]
    }

    /// Where a repository itself is: what is pushed goes there.
    ///
    /// - Throws: `.denied` when the registry is blocked; `.invalid` when its location makes no name.
    package func endpoint(of reference: ImageReference) throws(Problem) -> RegistryEndpoint {
        let name = reference.repository
        guard let registry = registry(of: name) else {
            return RegistryEndpoint(registry: reference.domain, repository: reference.path)
        }
        guard !registry.isBlocked else { throw Self.blocked(registry, name) }
        return try RegistryEndpoint(
            location: registry.location, replacing: registry.prefix, in: name,
            isInsecure: registry.isInsecure, isMirror: false)
    }

    /// Where a registry is, whatever the repository.
    ///
    /// - Throws: `.denied` when it is blocked.
    package func endpoint(ofRegistry name: String) throws(Problem) -> RegistryEndpoint {
        let registry = registry(of: name)
        if let registry, registry.isBlocked { throw Self.blocked(registry, name) }
        var endpoint = RegistryEndpoint(registry: name, repository: "")
        endpoint.isInsecure = registry?.isInsecure ?? false
        return endpoint
    }

    private static func blocked(_ registry: Registry, _ name: String) -> Problem {
        Problem(
            kind: .denied, what: "cannot use \(name)",
            why: "the registry \(registry.prefix) is blocked in registries.conf",
            fix: "take \"blocked = true\" out there, if you may")
    }
}

/// Where requests about a repository go.
package struct RegistryEndpoint: Sendable, Equatable {
    /// The registry's host and port: "docker.io", "localhost:5000".
    package var registry: String
    /// The repository in it: "library/debian".
    package var repository: String
    /// Whether http will do, and any certificate.
    package var isInsecure = false
    /// Whether it is one of several places, of which another may do.
    package var isMirror = false
    /// How `hosts.toml` wants it to be reached.
    package var host: RegistryHost?
    /// The registry whose images are meant, where the host is another one (containerd's `?ns=`).
    package var namespace: String?

    package init(registry: String, repository: String) {
        self.registry = registry
        self.repository = repository
    }

    /// The endpoint of a name whose prefix is replaced by a location.
    init(
        location: String?, replacing prefix: String, in name: String, isInsecure: Bool,
        isMirror: Bool
    ) throws(Problem) {
        var full = name
        if let location {
            let length = PrefixMatch.length(of: prefix, in: name) ?? 0
            full = location + name.dropFirst(length)
        }
        let reference: ImageReference
        do throws(Problem) {
            reference = try ImageReference(parsing: full)
        } catch {
            throw Problem(
                kind: .invalid, what: "cannot use the location \(location ?? "") for \(name)",
                why: "\"\(full)\" is no repository: \(error.why)", fix: "mend registries.conf",
                cause: error)
        }
        self.init(registry: reference.domain, repository: reference.path)
        self.isInsecure = isInsecure
        self.isMirror = isMirror
    }
}

/// Whether a name is below a prefix of registries.conf.
enum PrefixMatch {
    /// How much of the name the prefix covers; nil when it is not below it.
    static func length(of prefix: String, in name: String) -> Int? {
        if prefix.hasPrefix("*.") { return subdomainLength(of: prefix.dropFirst(), in: name) }
        guard name.hasPrefix(prefix) else { return nil }
        return isBoundary(name.dropFirst(prefix.count).first) ? prefix.count : nil
    }

    /// For "*.example" all hosts that end with ".example", and no port or path before it.
    private static func subdomainLength(of suffix: Substring, in name: String) -> Int? {
        let host = name.prefix { $0 != "/" }
        var rest = host
        while !rest.isEmpty {
            if rest.hasPrefix(suffix),
                isBoundary(name[rest.startIndex...].dropFirst(suffix.count).first)
            {
                return name.distance(from: name.startIndex, to: rest.startIndex) + suffix.count
            }
            rest = rest.dropFirst()
        }
        return nil
    }

    private static func isBoundary(_ next: Character?) -> Bool {
        next == nil || next == ":" || next == "/" || next == "@"
    }
}
