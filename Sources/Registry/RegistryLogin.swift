package import Diagnostics
import NIOHTTP1
import OCI

/// Shows credentials to a registry, and keeps them when it accepts them.
package struct RegistryLogin: Sendable {
    private let server: LoginServer
    private let settings: RegistrySettings

    /// - Parameters:
    ///   - server: the registry.
    ///   - settings: how to reach registries, and where credentials are.
    package init(_ server: LoginServer, settings: RegistrySettings) {
        self.server = server
        self.settings = settings
    }

    /// What came of a login.
    package struct Outcome: Sendable {
        /// The user's name, where one is known.
        package var user: String?
        /// Where the credentials are kept; nil when they were before.
        package var keeper: CredentialEditor.Keeper?
    }

    /// Logs in with credentials that the user gives, and keeps them.
    ///
    /// A token server may give a lasting token; that is kept in the password's place.
    ///
    /// - Throws: `.denied` when the registry does not accept them.
    package func run(_ credentials: Credentials) async throws(Problem) -> Outcome {
        var settings = settings
        settings.credentials.given = credentials
        let token = try await verify(settings)
        let keeper = try CredentialEditor(settings.credentials).store(
            token.map(Credentials.identityToken) ?? credentials, for: server)
        return Outcome(user: credentials.user, keeper: keeper)
    }

    /// Logs in with the credentials that are stored.
    ///
    /// - Throws: `.notFound` when there are none.
    package func runWithStored() async throws(Problem) -> Outcome {
        let purpose = "cannot log in to \(server.registry)"
        let found: Result<Credentials?, any Error>
        do {
            found = .success(
                try await settings.credentials.credentials(
                    registry: server.registry, repository: server.repository))
        } catch {
            found = .failure(error)
        }
        guard let stored = try explained(purpose, goingOn: "log in again", { try found.get() })
        else {
            throw Problem(
                kind: .notFound, what: purpose, why: "no credentials are stored",
                fix: "name the user with --username")
        }
        _ = try await verify(settings)
        return Outcome(user: stored.user, keeper: nil)
    }

    /// Asks the registry for nothing but an answer.
    ///
    /// - Returns: the lasting token that its token server gave.
    private func verify(_ settings: RegistrySettings) async throws(Problem) -> String? {
        let purpose = "cannot log in to \(server.registry)"
        var endpoint = try settings.endpoint(ofRegistry: server.registry)
        endpoint.repository = server.repository
        let client = RegistryClient(endpoint, access: .login, settings: settings)
        let result: Result<String?, any Error>
        do {
            let response = try await client.send(
                RegistryRequest(method: .GET, place: .path(client.apiPath), purpose: purpose))
            _ = await response.refusal()
            result = .success(await client.authorizer.identityToken)
        } catch {
            result = .failure(error)
        }
        await client.shutDown()
        return try explained(purpose, goingOn: "log in again") { try result.get() }
    }
}

extension Credentials {
    /// The user's name; nil for a token.
    fileprivate var user: String? {
        guard case .password(let user, _) = self else { return nil }
        return user
    }
}
