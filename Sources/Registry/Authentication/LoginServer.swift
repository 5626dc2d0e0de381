package import Diagnostics

/// The registry that a user names to log in: a host, or an address as Docker has them.
package struct LoginServer: Sendable, Equatable {
    /// The registry as references have it: "docker.io".
    package var registry: String
    /// The repositories in it that the credentials are for; all when it is nil.
    package var namespace: String?

    /// Reads what the user typed; Docker's Hub when it is nil.
    ///
    /// - Throws: `.invalid` when it is no host.
    package init(parsing text: String?) throws(Problem) {
        var rest = (text ?? "docker.io")[...]
        var isAddress = false
        for scheme in ["https://", "http://"] where rest.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            isAddress = true
        }
        let host = rest.prefix { $0 != "/" }
        guard WebAddress("https://\(host)/") != nil, !host.contains("@") else {
            throw Problem(
                kind: .invalid, what: "cannot log in to '\(text ?? "")'",
                why: "it is not a host with an optional port",
                fix: "write it as registry.example:5000"
            )
        }
        let names = [
            "docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com",
        ]
        registry = names.contains(host.lowercased()) ? "docker.io" : String(host)
        let path = rest.dropFirst(host.count + 1)
        namespace = isAddress || path.isEmpty ? nil : String(path)
    }

    /// What a file calls the registry.
    func key(in style: CredentialFile.Place.Style) -> String {
        switch style {
        case .docker: registry == "docker.io" ? "https://index.docker.io/v1/" : registry
        case .containers: namespace.map { "\(registry)/\($0)" } ?? registry
        }
    }

    /// The repository whose credentials are looked up.
    var repository: String { namespace ?? "" }
}
