package import SystemPackage

/// One place of a registry's images, as a file `hosts.toml` describes it.
package struct RegistryHost: Sendable, Equatable {
    /// Scheme, host and port; nil means where the registry usually is.
    package var address: WebAddress?
    /// Where the API begins: "/v2", with `override_path` whatever the address had.
    package var apiPath = "/v2"
    /// What it may be asked for.
    package var capabilities: Set<Capability> = [.pull, .resolve, .push]
    /// Certificates of the authorities to trust.
    package var authorities: [FilePath] = []
    /// What the client shows of itself.
    package var identity: CertificateFiles.Identity?
    /// Whether any certificate will do; nil where the file does not say.
    package var skipsVerification: Bool?
    /// What goes with every request to it.
    package var headers: [Header] = []
    /// How long a connection may take to come about; nil where the file does not say.
    package var dialTimeoutInNanoseconds: Int64?
    /// The file, for errors.
    package var file: String

    /// What a host may be asked for (containerd, docs/hosts.md).
    package enum Capability: String, Sendable, CaseIterable {
        /// Manifests by digest, and blobs.
        case pull
        /// The digest that a tag has.
        case resolve
        /// To take images.
        case push
    }

    /// A header of HTTP.
    package struct Header: Sendable, Equatable {
        package var name: String
        package var value: String
    }

    /// Whether the file says anything about TLS.
    var configuresTLS: Bool {
        !authorities.isEmpty || identity != nil || skipsVerification != nil
    }

    /// The addresses to try, the best first; nil means where the registry usually is.
    ///
    /// An http address with settings of TLS may be either, unless its port says which.
    var candidates: [WebAddress]? {
        guard let address else { return nil }
        guard address.scheme == .http, configuresTLS, address.effectivePort != 80 else {
            return [address]
        }
        let secure = WebAddress(scheme: .https, host: address.host, port: address.port)
        return [secure, address]
    }
}
