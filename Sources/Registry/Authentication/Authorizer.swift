import AsyncHTTPClient
import Diagnostics
import NIOCore
import NIOHTTP1

/// Finds out what a registry wants to see before it answers, and keeps it for the next request.
///
/// Requests that run side by side share one token: it is fetched once, and again before it expires.
actor Authorizer {
    private let registry: String
    private let repository: String
    private let access: RegistryAccess
    private let store: CredentialStore
    private let transport: HTTPTransport
    private let mayUsePlainHTTP: Bool
    private var proof: Proof?
    private var refreshing: Task<Proof, any Error>?
    /// The token that the token server gives to keep in a password's place.
    private(set) var identityToken: String?

    /// What goes into the header `Authorization`.
    private struct Proof {
        var authorization: String
        var request: Challenge.TokenRequest?
        var expires: ContinuousClock.Instant?
    }

    /// - Parameters:
    ///   - registry: the registry's name, as credentials are kept under.
    ///   - repository: the repository in it.
    ///   - access: what is wanted of it.
    ///   - store: where credentials are looked up.
    ///   - transport: reaches the token server.
    ///   - mayUsePlainHTTP: whether passwords may go to a token server that speaks http.
    init(
        registry: String, repository: String, access: RegistryAccess, store: CredentialStore,
        transport: HTTPTransport, mayUsePlainHTTP: Bool
    ) {
        self.registry = registry
        self.repository = repository
        self.access = access
        self.store = store
        self.transport = transport
        self.mayUsePlainHTTP = mayUsePlainHTTP
    }

    /// What to send with the next request; nil while the registry has not asked for anything.
    func authorization() async throws -> String? {
        guard let proof else { return nil }
        guard let expires = proof.expires, let request = proof.request, expires <= .now else {
            return proof.authorization
        }
        return try await refresh(.bearer(request)).authorization
    }

    /// Answers a registry that said 401.
    ///
    /// - Parameters:
    ///   - headers: the values of `WWW-Authenticate`.
    ///   - rejected: what the refused request had sent.
    /// - Returns: what to send instead.
    /// - Throws: `.denied` without the right credentials, `.unsupported` for an unknown challenge.
    func authorization(for headers: [String], instead rejected: String?) async throws -> String {
        if let proof, proof.authorization != rejected { return proof.authorization }
        guard let challenge = Challenge.strongest(of: headers) else {
            throw Problem(
                kind: .unsupported, what: "cannot log in to \(registry)",
                why: headers.isEmpty
                    ? "it answers 401 and does not say what it wants"
                    : "it wants '\(headers.joined(separator: ", "))', neither Basic nor Bearer")
        }
        let fresh = try await refresh(challenge)
        if fresh.authorization == rejected {
            throw rejection()
        }
        return fresh.authorization
    }

    /// The error for credentials that the registry refused.
    func rejection() -> Problem { denied("it does not accept the user name and the password") }

    private func refresh(_ challenge: Challenge) async throws -> Proof {
        if let refreshing { return try await refreshing.value }
        let task = Task { try await prove(challenge) }
        refreshing = task
        defer { refreshing = nil }
        let fresh = try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
        proof = fresh
        return fresh
    }

    private func prove(_ challenge: Challenge) async throws -> Proof {
        let credentials = try await store.credentials(registry: registry, repository: repository)
        switch challenge {
        case .basic:
            guard let credentials else { throw denied("it wants a user name and a password") }
            guard let authorization = credentials.basicAuthorization else {
                throw denied("it wants a password, and only an identity token is stored")
            }
            return Proof(authorization: authorization)
        case .bearer(var request):
            request.scope = access.scope(repository: repository, asked: request.scope)
            let asked = ContinuousClock.now
            let token = try await token(request, credentials: credentials)
            identityToken = token.identityToken
            // A tenth earlier, so that no request meets the end.
            return Proof(
                authorization: "Bearer \(token.value)", request: request,
                expires: asked.advanced(by: token.lifetime * 9 / 10))
        }
    }

    private func token(
        _ request: Challenge.TokenRequest, credentials: Credentials?
    ) async throws -> AccessToken {
        var account: String?
        if case .password(let user, _)? = credentials { account = user }
        guard var address = request.address(account: account, isLogin: access == .login) else {
            throw Problem(
                kind: .unavailable, what: "cannot log in to \(registry)",
                why: "its token server '\(request.realm)' is no http address")
        }
        if credentials != nil, address.scheme == .http, !mayUsePlainHTTP,
            !LoopbackHost.contains(address.host)
        {
            throw denied("its token server \(request.realm) would get the password without TLS")
        }
        var message = WebRequest(address: address)
        message.authorization = credentials?.basicAuthorization
        if case .identityToken(let identity)? = credentials {
            address.target = WebAddress(request.realm)?.target ?? address.target
            message = WebRequest(method: .POST, address: address)
            message.body = .form(request.form(identityToken: identity))
        }
        return try await token(from: request.realm, answering: message, isKnown: credentials != nil)
    }

    private func token(
        from realm: String, answering message: WebRequest, isKnown: Bool
    ) async throws -> AccessToken {
        let response: HTTPClientResponse
        do {
            response = try await transport.send(message)
        } catch let failure as TransportFailure {
            throw Problem(
                kind: .unavailable, what: "cannot get a token from \(realm)", why: failure.why,
                fix: failure.fix, cause: failure)
        }
        let body = try await response.body.collect(upTo: 1 << 20)
        switch response.status.code {
        case 200..<300:
            return try AccessToken(json: Array(body.readableBytesView), from: realm)
        case 401, 403:
            throw denied(
                isKnown
                    ? "its token server does not accept the stored credentials"
                    : "its token server gives no token to anonymous users")
        default:
            throw Problem(
                kind: .unavailable, what: "cannot get a token from \(realm)",
                why: "it answers \(response.status.code) \(response.status.reasonPhrase)")
        }
    }

    private func denied(_ why: String) -> Problem {
        Problem(
            kind: .denied,
            what: access.purpose(registry: registry, repository: repository), why: why,
            fix: access == .login
                ? "check the user name and the password" : "log in with: kade login \(registry)")
    }
}
