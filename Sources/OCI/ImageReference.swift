package import Diagnostics

/// The name of an image in a registry: "docker.io/library/debian:12".
///
/// The grammar is that of the distribution project's `reference` package, the normalisation
/// Docker's: a name without a registry is one of docker.io, and one without a slash an official
/// image there.
package struct ImageReference: Sendable, Hashable {
    /// The registry's host and port: "docker.io", "localhost:5000".
    package let domain: String
    /// The repository in the registry: "library/debian".
    package let path: String
    /// The tag: "12".
    package let tag: String?
    /// The digest of the manifest or index; where there is one the tag is only a remark.
    package let digest: Digest?

    private init(domain: String, path: String, tag: String?, digest: Digest?) {
        self.domain = domain
        self.path = path
        self.tag = tag
        self.digest = digest
    }

    /// Reads a reference as a person types it.
    ///
    /// - Parameter text: "debian", "ghcr.io/owner/name:tag@sha256:…".
    /// - Throws: `.invalid` that says which rule the text breaks.
    package init(parsing text: String) throws(Problem) {
        var rest = text[...]
        var digest: Digest?
        if let at = rest.firstIndex(of: "@") {
            do throws(Problem) {
                digest = try Digest(parsing: rest[rest.index(after: at)...])
            } catch {
                throw Self.problem(text, error.why)
            }
            rest = rest[..<at]
        }
        var tag: String?
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
            let name = String(rest[rest.index(after: colon)...])
            guard ReferenceGrammar.isTag(name) else {
                throw Self.problem(text, ReferenceGrammar.tagRule)
            }
            tag = name
            rest = rest[..<colon]
        }
        let name = try Self.normalise(name: rest, in: text)
        self.init(domain: name.domain, path: name.path, tag: tag, digest: digest)
    }

    /// Whether a text names no registry: "debian:12", "team/app".
    package static func isShort(_ text: String) -> Bool {
        guard let slash = text.firstIndex(of: "/") else { return true }
        return !isDomain(text[..<slash])
    }

    /// The reference with the tag "latest" where it has neither tag nor digest.
    package var withDefaultTag: ImageReference {
        tag == nil && digest == nil ? with(tag: "latest") : self
    }

    /// The repository with its registry: "docker.io/library/debian".
    package var repository: String { "\(domain)/\(path)" }

    /// The repository as Docker prints it: "debian".
    package var familiarName: String {
        guard domain == Self.defaultDomain else { return repository }
        let official = Self.officialPrefix
        guard path.hasPrefix(official) else { return path }
        let name = path.dropFirst(official.count)
        return name.contains("/") ? path : String(name)
    }

    /// The reference as Docker prints it: "debian:12".
    package var familiar: String { familiarName + suffix }

    /// The same repository's image of another tag.
    ///
    /// - Parameter tag: fits the grammar of tags.
    /// - Returns: the other reference.
    package func with(tag: String) -> ImageReference {
        precondition(ReferenceGrammar.isTag(tag), "\(tag) is no tag")
        return ImageReference(domain: domain, path: path, tag: tag, digest: nil)
    }

    /// The same repository's image of a digest, without a tag.
    package func with(digest: Digest) -> ImageReference {
        ImageReference(domain: domain, path: path, tag: nil, digest: digest)
    }

    private var suffix: String {
        (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
    }
}

extension ImageReference {
    private static let defaultDomain = "docker.io"
    private static let officialPrefix = "library/"

    private struct Name {
        var domain: String
        var path: String
    }

    private static func normalise(
        name: Substring, in text: String
    ) throws(Problem) -> Name {
        guard !name.isEmpty else { throw problem(text, "it names no image") }
        guard !ReferenceGrammar.isHexadecimalID(name) else {
            throw problem(text, "64 hexadecimal digits are an image ID, not a name")
        }
        var parts = split(name)
        if parts.domain == "index.docker.io" { parts.domain = defaultDomain }
        if parts.domain == defaultDomain, !parts.path.contains("/") {
            parts.path = officialPrefix + parts.path
        }
        if let mistake = ReferenceGrammar.mistake(domain: parts.domain, path: parts.path) {
            throw problem(text, mistake)
        }
        return parts
    }

    /// What precedes the first slash is a registry if it looks like a host: it has a dot, a port or
    /// capitals, or it is "localhost".
    private static func split(_ name: Substring) -> Name {
        guard let slash = name.firstIndex(of: "/") else {
            return Name(domain: defaultDomain, path: String(name))
        }
        let first = name[..<slash]
        guard isDomain(first) else { return Name(domain: defaultDomain, path: String(name)) }
        return Name(domain: String(first), path: String(name[name.index(after: slash)...]))
    }

    private static func isDomain(_ first: Substring) -> Bool {
        first.contains(".") || first.contains(":") || first == "localhost"
            || first.contains { $0.isUppercase }
    }

    private static func problem(_ text: String, _ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot use \"\(text)\" as an image reference", why: why,
            fix: "write it as name, name:tag or registry/name:tag, in lower case")
    }
}

extension ImageReference: CustomStringConvertible {
    /// The whole reference: "docker.io/library/debian:12".
    package var description: String { repository + suffix }
}
