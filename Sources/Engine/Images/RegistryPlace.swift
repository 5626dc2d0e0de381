import OCI

/// Where a pull finds a repository.
package struct RegistryPlace: Sendable, Equatable {
    /// "https://registry.example/v2/team/app".
    var address: String
    /// What a mirror is told, "ns=registry.example"; mostly empty.
    var query = ""

    /// What it is asked for.
    package enum Use: String, Sendable {
        /// For the digest of the tag alone.
        case names
        /// For manifests and blobs; another place knows the tags.
        case content
        /// For both.
        case all
    }

    /// Where a repository is as far as its name says, which the machine's configuration may change.
    static func named(by reference: ImageReference) -> RegistryPlace {
        let host = reference.domain == "docker.io" ? "registry-1.docker.io" : reference.domain
        let isLocal = ["127.", "localhost", "[::1]"].contains(where: host.hasPrefix)
        return RegistryPlace(
            address: "\(isLocal ? "http" : "https")://\(host)/v2/\(reference.path)")
    }

    /// The words of curl for one of the repository's resources, which may be elsewhere.
    func curl(_ resource: String, _ flags: String = "") -> String {
        let address = "\(address)/\(resource)" + (query.isEmpty ? "" : "?" + query)
        return "curl \(flags)\(address.shellWord)"
    }
}
