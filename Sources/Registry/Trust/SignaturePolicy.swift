package import Diagnostics
package import OCI

/// Which images the machine's owner lets in: containers-policy.json(5).
package struct SignaturePolicy: Sendable, Equatable {
    /// The file, for errors.
    package var file: String
    /// What holds where nothing else does.
    var standard: [Requirement]
    /// By transport ("docker", "oci-archive"), then by scope; "" is the whole transport.
    var transports: [String: [String: [Requirement]]]

    /// One requirement; all of a list must hold.
    enum Requirement: Sendable, Equatable {
        case insecureAcceptAnything
        case reject
        /// A signature of a key of GPG.
        case signedBy(keys: [TrustedKeys], identity: SignedIdentity)
        /// A signature as cosign makes it.
        case sigstoreSigned(SigstoreRule)
        /// What other tools can check and Kade cannot; nothing fulfils it.
        case unsupported(String)
    }

    /// Where public keys or certificates are.
    enum TrustedKeys: Sendable, Equatable {
        case file(String)
        case data([UInt8])
    }

    /// A scope's requirements.
    struct Rule: Sendable, Equatable {
        /// The scope as the file has it.
        var scope: String
        var requirements: [Requirement]
    }

    /// The requirements for an image of a registry, of the most specific scope.
    package func allowsEverything(from reference: ImageReference) -> Bool {
        rule(for: reference).requirements == [.insecureAcceptAnything]
    }

    /// The rule for an image of a registry: its own, a repository's or namespace's, its registry's, a
    /// domain's, or the general one.
    func rule(for reference: ImageReference) -> Rule {
        rule(transport: "docker", scopes: Self.scopes(of: reference))
    }

    /// Refuses an archive or layout where its transport's rule does not let it in.
    ///
    /// - Parameters:
    ///   - transport: "docker-archive", "oci-archive", "oci" or "dir".
    ///   - path: the absolute path.
    /// - Throws: `.denied`; archives have no signatures, so that nothing but acceptance lets them in.
    package func admit(transport: String, path: String) throws(Problem) {
        var scopes: [String] = []
        var rest = path[...]
        while let slash = rest.lastIndex(of: "/") {
            scopes.append(String(rest))
            rest = rest[..<slash]
        }
        try admit(
            "cannot load \(path)",
            unsignedBy: rule(transport: transport, scopes: scopes + ["/"]))
    }

    /// Refuses an image of Docker's daemon where the rule does not let it in.
    ///
    /// - Parameter name: a reference, or a whole ID with its algorithm.
    /// - Throws: `.denied`, as for archives; `.invalid` for what is neither.
    func admit(daemonImage name: String) throws(Problem) {
        // Most references are digests by the grammar, too: "debian:12".
        let isID = (try? Digest(parsing: name))?.isSupported == true
        let scopes =
            isID ? [name] : Self.scopes(of: try ImageReference(parsing: name).withDefaultTag)
        try admit(
            "cannot pull docker-daemon:\(name)",
            unsignedBy: rule(transport: "docker-daemon", scopes: scopes))
    }

    private func admit(_ what: String, unsignedBy rule: Rule) throws(Problem) {
        for requirement in rule.requirements where requirement != .insecureAcceptAnything {
            throw denied(
                what, rule,
                requirement == .reject ? "rejects it" : "wants a signature, which archives have not"
            )
        }
    }

    /// An error of the policy.
    func denied(_ what: String, _ rule: Rule, _ why: String) -> Problem {
        Problem(
            kind: .denied, what: what, why: "the policy \(file) for \(rule.scope) \(why)",
            fix: "see containers-policy.json(5); another policy is chosen with --signature-policy")
    }

    private func rule(transport: String, scopes: [String]) -> Rule {
        if let known = transports[transport] {
            for scope in scopes + [""] {
                guard let requirements = known[scope] else { continue }
                let name = scope.isEmpty ? transport : "\(transport) \(scope)"
                return Rule(scope: name, requirements: requirements)
            }
        }
        return Rule(scope: "everything else", requirements: standard)
    }

    private static func scopes(of reference: ImageReference) -> [String] {
        var scopes = ["\(reference)"]
        if let digest = reference.digest { scopes = ["\(reference.repository)@\(digest)"] }
        return scopes + namespaces(of: reference)
    }

    /// A repository, the namespaces above it, its registry, and the domains above that.
    static func namespaces(of reference: ImageReference) -> [String] {
        var namespaces: [String] = []
        var name = reference.repository[...]
        while true {
            namespaces.append(String(name))
            guard let slash = name.lastIndex(of: "/") else { break }
            name = name[..<slash]
        }
        var host = name.prefix { $0 != ":" }
        while let dot = host.firstIndex(of: ".") {
            host = host[host.index(after: dot)...]
            namespaces.append("*.\(host)")
        }
        return namespaces
    }
}
