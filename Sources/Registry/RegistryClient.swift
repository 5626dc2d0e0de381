import AsyncHTTPClient
import Diagnostics
import NIOCore
import NIOHTTP1

/// One repository of one registry, over the distribution specification's API.
///
/// Every request waits and asks again as the ``RetrySchedule`` says, and logs in when it is asked.
package actor RegistryClient {
    /// The registry's name as a reference has it: "docker.io", "localhost:5000".
    package nonisolated let registry: String
    /// The repository in it: "library/debian".
    package nonisolated let repository: String
    private nonisolated let endpoint: RegistryEndpoint
    private let access: RegistryAccess
    private let settings: RegistrySettings
    private let transport: HTTPTransport
    /// The addresses to try, the best first.
    private let candidates: [WebAddress]
    let authorizer: Authorizer
    private var base: WebAddress?
    /// Clients that may also read a repository which blobs are mounted from.
    private var mounting: [String: RegistryClient] = [:]
    private var hasAnswered = false

    /// - Parameters:
    ///   - endpoint: where the repository is.
    ///   - access: what is wanted of it.
    ///   - settings: how to reach registries.
    init(_ endpoint: RegistryEndpoint, access: RegistryAccess, settings: RegistrySettings) {
        self.endpoint = endpoint
        let (registry, repository) = (endpoint.registry, endpoint.repository)
        let settings = settings.settings(for: endpoint)
        self.registry = registry
        self.repository = repository
        self.access = access
        self.settings = settings
        let candidates =
            endpoint.host?.candidates
            ?? RegistryAddress.candidates(for: registry, verifiesTLS: settings.verifiesTLS)
        self.candidates = candidates
        let host = endpoint.host.map {
            HTTPTransport.Host(description: $0, authorities: Set(candidates.map(\.authority)))
        }
        transport = HTTPTransport(
            proxies: settings.proxies, certificates: settings.certificates,
            verifiesTLS: settings.verifiesTLS, unlessBy: "--tls-verify=false", host: host,
            patience: HTTPTransport.usualPatience)
        authorizer = Authorizer(
            registry: registry, repository: repository, access: access,
            store: settings.credentials, transport: transport,
            mayUsePlainHTTP: !settings.verifiesTLS || endpoint.host?.address?.scheme == .http)
    }

    /// Ends all connections; the client is of no use after.
    package func shutDown() async {
        for client in mounting.values { await client.shutDown() }
        await transport.shutDown()
    }

    /// The client whose token lets it read another repository too.
    func mountingClient(from source: String) -> RegistryClient {
        if let known = mounting[source] { return known }
        let client = RegistryClient(
            endpoint, access: .push(mountingFrom: source), settings: settings)
        mounting[source] = client
        return client
    }

    /// The address that is tried first.
    nonisolated var firstCandidate: WebAddress? { candidates.first }

    /// Sends a request, and sends it again as the schedule says.
    ///
    /// - Returns: an answer of status 2xx or an accepted one, whose body is still to be read.
    /// - Throws: a `Problem`, or that the task is cancelled.
    func send(_ request: RegistryRequest) async throws -> HTTPClientResponse {
        var attempts = 1
        while true {
            try Task.checkCancellation()
            do {
                return try await attempt(request)
            } catch let setback as Setback {
                let delay = settings.schedule.delay(
                    after: attempts, retryAfter: setback.retryAfter, chance: .random(in: 0...1))
                guard let delay else { throw setback.problem }
                try await Task.sleep(for: delay)
                attempts += 1
            }
        }
    }

    /// Sends a request once.
    ///
    /// - Returns: an answer of status 2xx or an accepted one, whose body is still to be read.
    /// - Throws: a ``Setback`` or a final error.
    func attempt(_ request: RegistryRequest) async throws -> HTTPClientResponse {
        do {
            let response = try await sendOnce(request)
            let status = response.status.code
            if (200..<300).contains(status) || request.accepted.contains(status) {
                return response
            }
            if access == .login, status == 401 { throw await authorizer.rejection() }
            let problem = await response.refusal().problem(
                what: request.purpose, registry: registry)
            guard RetrySchedule.isTransient(status: status) else { throw problem }
            throw Setback(
                problem: problem,
                retryAfter: RetrySchedule.retryAfter(response.headers.first(name: "Retry-After")))
        } catch let broken as TransportFailure {
            let problem = problem(of: broken, purpose: request.purpose)
            guard mayHelpToAskAgain(broken) else { throw problem }
            throw Setback(problem: problem)
        }
    }

    /// The error for a failed transfer.
    nonisolated func problem(of failure: TransportFailure, purpose: String) -> Problem {
        let kind: Problem.Kind = failure.stage == .securing ? .denied : .unavailable
        return Problem(
            kind: kind, what: purpose, why: failure.why, fix: failure.fix, cause: failure)
    }

    /// A registry that never answered is probably misspelt, so that waiting helps nobody.
    private func mayHelpToAskAgain(_ failure: TransportFailure) -> Bool {
        switch failure.stage {
        case .transferring: true
        case .connecting: hasAnswered
        case .securing, .forbidden: false
        }
    }

    private func sendOnce(_ request: RegistryRequest) async throws -> HTTPClientResponse {
        let base = try await apiAddress()
        var message = WebRequest(
            method: request.method, address: base, headers: request.headers, body: request.body)
        switch request.place {
        case .resource(let resource): message.address.target = target(of: resource)
        case .path(let path): message.address.target = path
        case .address(let address): message.address = address
        case .foreign(let address):
            message.address = address
            return try await transport.send(message)
        }
        // Uploads may be at another host, which must not see the token.
        guard message.address.hasSameOrigin(as: base) else {
            return try await transport.send(message)
        }
        message.ownHeaders = settings.metaHeaders
        message.authorization = try await authorizer.authorization()
        let response = try await transport.send(message)
        hasAnswered = true
        settings.warnings.take(response.headers["Warning"], from: registry)
        guard response.status == .unauthorized else { return response }
        let challenges = response.headers["WWW-Authenticate"]
        _ = await response.refusal()
        message.authorization = try await authorizer.authorization(
            for: challenges, instead: message.authorization)
        return try await transport.send(message)
    }

    /// The path and query of one of the repository's resources.
    nonisolated func target(of resource: String) -> String {
        let path = "\(endpoint.host?.apiPath ?? "/v2")/\(repository)/\(resource)"
        guard let namespace = endpoint.namespace else { return path }
        return path + (path.contains("?") ? "&" : "?") + "ns=\(namespace.escapedForQuery)"
    }

    /// The API's own path.
    nonisolated var apiPath: String { "\(endpoint.host?.apiPath ?? "/v2")/" }

    /// Where the registry's API is, found out with the ping of `/v2/` where http is allowed.
    func apiAddress() async throws -> WebAddress {
        if let base { return base }
        guard let first = candidates.first else {
            throw Problem(
                kind: .invalid, what: "cannot reach the registry '\(registry)'",
                why: "it is not a host with an optional port")
        }
        var found = first
        var failure: (any Error)?
        if candidates.count > 1 {
            for candidate in candidates {
                do {
                    guard try await answersPing(candidate) else { continue }
                    found = candidate
                    failure = nil
                    break
                } catch let broken as TransportFailure {
                    failure = failure ?? broken
                }
            }
        }
        if let failure { throw failure }
        base = found
        return found
    }

    /// Whether a registry speaks at an address: `GET /v2/` answers 200 or 401 (end-1).
    private func answersPing(_ address: WebAddress) async throws -> Bool {
        var address = address
        address.target = apiPath
        let response = try await transport.send(WebRequest(address: address))
        hasAnswered = true
        let status = response.status.code
        _ = await response.refusal()
        return status != 400  // what TLS servers answer to plain text
    }
}
