import Diagnostics
import OCI

/// The places of images: registries.conf says which registries have them, and `hosts.toml` of each
/// of these by which hosts it is reached.
extension RegistrySettings {
    /// Where an image is pulled from, the first place first.
    struct PullPlaces: Sendable {
        /// What has manifests and blobs.
        var sources: [RegistryEndpoint]
        /// What knows the digests of tags; also those that have nothing else.
        var resolvers: [RegistryEndpoint]

        /// Whom to ask for digests of tags in a source's place; none where it knows them itself.
        func resolvers(for source: RegistryEndpoint) -> [RegistryEndpoint] {
            resolvers.contains(source) ? [] : resolvers
        }
    }

    /// Where an image may be pulled from.
    ///
    /// - Throws: `.denied` when the registry is blocked, or no host of it may be asked.
    func pullPlaces(of reference: ImageReference) throws(Problem) -> PullPlaces {
        var all: [RegistryEndpoint] = []
        for place in try registries.sources(of: reference) { all += try hosts(of: place) }
        let places = PullPlaces(
            sources: all.filter { $0.may(.pull) }, resolvers: all.filter { $0.may(.resolve) })
        if places.sources.isEmpty { throw Self.hasNo(.pull, "\(reference)", all) }
        if places.resolvers.isEmpty, reference.digest == nil {
            throw Self.hasNo(.resolve, "\(reference)", all)
        }
        return places
    }

    /// Where a repository itself is, as far as it may be asked for something.
    ///
    /// What is pushed goes to the first such host; what is read comes from the last one, which is
    /// the registry and no mirror.
    ///
    /// - Throws: `.denied` when the registry is blocked, or no host of it may be asked.
    func endpoint(
        of reference: ImageReference, for capability: RegistryHost.Capability
    ) throws(Problem) -> RegistryEndpoint {
        let all = try hosts(of: try registries.endpoint(of: reference))
        let able = all.filter { $0.may(capability) }
        guard let endpoint = capability == .push ? able.first : able.last else {
            throw Self.hasNo(capability, reference.repository, all)
        }
        return endpoint
    }

    /// Where a registry is, whatever the repository.
    ///
    /// - Throws: `.denied` when it is blocked.
    func endpoint(ofRegistry name: String) throws(Problem) -> RegistryEndpoint {
        let endpoint = try registries.endpoint(ofRegistry: name)
        return try hosts(of: endpoint).last ?? endpoint
    }

    /// The hosts by which a place is reached; the place itself where no file says anything.
    private func hosts(of place: RegistryEndpoint) throws(Problem) -> [RegistryEndpoint] {
        guard let hosts = try hostsFiles.hosts(of: place.registry) else { return [place] }
        return hosts.enumerated().map { index, host in
            var endpoint = place
            endpoint.host = host
            endpoint.isMirror = place.isMirror || index < hosts.count - 1
            guard let authority = host.address?.authority, !place.isAt(authority) else {
                return endpoint
            }
            // Its credentials are its own, and it is told whose images are meant.
            endpoint.registry = authority
            endpoint.namespace = place.registry
            return endpoint
        }
    }

    private static func hasNo(
        _ capability: RegistryHost.Capability, _ name: String, _ all: [RegistryEndpoint]
    ) -> Problem {
        let file = all.lazy.compactMap(\.host?.file).first ?? "hosts.toml"
        return Problem(
            kind: .denied, what: "cannot use \(name)",
            why: "no host in \(file) has the capability \(capability.rawValue)",
            fix: "add it to the capabilities of a host there")
    }
}

extension RegistryEndpoint {
    /// Whether it may be asked for something; all may but those of a `hosts.toml`.
    fileprivate func may(_ capability: RegistryHost.Capability) -> Bool {
        host?.capabilities.contains(capability) ?? true
    }

    /// Whether an authority is the registry's own.
    fileprivate func isAt(_ authority: String) -> Bool {
        authority == registry
            || (registry == "docker.io" && authority == "registry-1.docker.io")
            || [":443", ":80"].contains { registry == authority + $0 }
    }
}
