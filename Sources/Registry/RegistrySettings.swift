package import Diagnostics
import Linux
package import SystemPackage

/// How to reach registries: what the command line, the environment and the machine say.
package struct RegistrySettings: Sendable {
    /// Whether certificates are checked and https is a must (`--tls-verify`).
    package var verifiesTLS: Bool
    /// The proxies.
    package var proxies: ProxySettings
    /// Certificates that are trusted for one registry.
    package var certificates: RegistryCertificates
    /// Where credentials are looked up.
    package var credentials: CredentialStore
    /// What registries.conf says.
    package var registries: RegistriesConfiguration
    /// By which hosts a registry is reached.
    package var hostsFiles: RegistryHostsFiles
    /// What every request to a registry carries, but not where it redirects to.
    let metaHeaders: [(name: String, value: String)]
    /// Who is told what registries warn of.
    package var warnings = RegistryWarnings { _ in }
    /// When to ask again.
    package var schedule: RetrySchedule

    /// Reads the environment, and the machine's usual directories.
    ///
    /// - Parameters:
    ///   - verifiesTLS: whether certificates are checked and https is a must.
    ///   - authFile: the one file with credentials to use.
    ///   - environment: looks a variable up.
    /// - Throws: `.invalid` when registries.conf or Docker's config.json has a mistake.
    package init(
        verifiesTLS: Bool, authFile: FilePath?, environment: (String) -> String?
    ) throws(Problem) {
        self.verifiesTLS = verifiesTLS
        proxies = ProxySettings(environment: environment)
        certificates = RegistryCertificates(home: environment("HOME"))
        hostsFiles = RegistryHostsFiles(home: environment("HOME"))
        registries = try RegistriesFiles(environment: environment, exists: { File.exists($0) })
            .read()
        credentials = CredentialStore(authFile: authFile, environment: environment)
        credentials.helpers = registries.credentialHelpers
        metaHeaders = try credentials.metaHeaders()
        schedule = .pull
    }

    /// The settings for one place.
    func settings(for endpoint: RegistryEndpoint) -> RegistrySettings {
        var settings = self
        if endpoint.isInsecure { settings.verifiesTLS = false }
        if endpoint.isMirror { settings.schedule = .mirror }
        return settings
    }
}

/// Where a registry's API may be.
package enum RegistryAddress {
    /// The addresses to try, the best first.
    ///
    /// A registry is reached with https. One on this machine may speak http, which is tried first:
    /// nobody listens in between. Without verification http is the second choice.
    package static func candidates(for registry: String, verifiesTLS: Bool) -> [WebAddress] {
        let host = registry == "docker.io" ? "registry-1.docker.io" : registry
        guard let plain = WebAddress("http://" + host), let secure = WebAddress("https://" + host)
        else { return [] }
        if LoopbackHost.contains(plain.host) { return [plain, secure] }
        return verifiesTLS ? [secure] : [secure, plain]
    }
}
