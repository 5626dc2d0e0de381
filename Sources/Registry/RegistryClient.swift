import AsyncHTTPClient
import Diagnostics
import NIOCore
import NIOHTTP1

/// One repository of one registry, read over the distribution specification's API.
///
/// Every request waits and asks again as the ``RetrySchedule`` says, and logs in when it is asked.
package actor RegistryClient {
    /// The registry's name as a reference has it: "docker.io", "localhost:5000".
    package nonisolated let registry: String
    /// The repository in it: "library/debian".
    package nonisolated let repository: String
    private let settings: RegistrySettings
    private let transport: HTTPTransport
    private let authorizer: Authorizer
    private var base: WebAddress?
    private var hasAnswered = false

    package init(registry: String, repository: String, settings: RegistrySettings) {
        self.registry = registry
        self.repository = repository
        self.settings = settings
        transport = HTTPTransport(
            proxies: settings.proxies, certificates: settings.certificates,
            verifiesTLS: settings.verifiesTLS)
        authorizer = Authorizer(
            registry: registry, repository: repository, store: settings.credentials,
            transport: transport, mayUsePlainHTTP: !settings.verifiesTLS)
    }

    /// Ends all connections; the client is of no use after.
    package func shutDown() async {
        await transport.shutDown()
    }

    /// Sends a request below the repository's address.
    ///
    /// - Parameters:
    ///   - method: GET or HEAD.
    ///   - resource: the rest of the path: "manifests/latest".
    ///   - headers: the request's headers.
    ///   - accepted: statuses beyond 2xx that the caller deals with.
    ///   - purpose: what cannot be done when it fails, for the error.
    /// - Returns: an answer of status 2xx or an accepted one, whose body is still to be read.
    /// - Throws: a `Problem`, or that the task is cancelled.
    func request(
        _ method: HTTPMethod, _ resource: String, headers: [(name: String, value: String)],
        accepting accepted: [UInt] = [], purpose: String
    ) async throws -> HTTPClientResponse {
        var attempt = 1
        while true {
            try Task.checkCancellation()
            do {
                let response = try await attemptRequest(
                    method, resource, headers: headers, accepting: accepted, purpose)
                return response
            } catch let setback as Setback {
                let delay = settings.schedule.delay(
                    after: attempt, retryAfter: setback.retryAfter, chance: .random(in: 0...1))
                guard let delay else { throw setback.problem }
                try await Task.sleep(for: delay)
                attempt += 1
            }
        }
    }

    /// A failure after which asking again may help.
    private struct Setback: Error {
        var problem: Problem
        var retryAfter: Duration?
    }

    /// Asks once; throws a ``Setback`` or a final error.
    private func attemptRequest(
        _ method: HTTPMethod, _ resource: String, headers: [(name: String, value: String)],
        accepting accepted: [UInt], _ purpose: String
    ) async throws -> HTTPClientResponse {
        do {
            let response = try await requestOnce(method, resource, headers: headers)
            let status = response.status.code
            if (200..<300).contains(status) || accepted.contains(status) { return response }
            let problem = await response.refusal().problem(what: purpose, registry: registry)
            guard RetrySchedule.isTransient(status: status) else { throw problem }
            throw Setback(
                problem: problem,
                retryAfter: RetrySchedule.retryAfter(response.headers.first(name: "Retry-After")))
        } catch let broken as TransportFailure {
            let problem = problem(of: broken, purpose: purpose)
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

    private func requestOnce(
        _ method: HTTPMethod, _ resource: String, headers: [(name: String, value: String)]
    ) async throws -> HTTPClientResponse {
        var address = try await apiAddress()
        address.target = "/v2/\(repository)/\(resource)"
        var request = WebRequest(method: method, address: address, headers: headers)
        request.authorization = try await authorizer.authorization()
        let response = try await transport.send(request)
        hasAnswered = true
        guard response.status == .unauthorized else { return response }
        let challenges = response.headers["WWW-Authenticate"]
        _ = await response.refusal()
        request.authorization = try await authorizer.authorization(
            for: challenges, instead: request.authorization)
        return try await transport.send(request)
    }

    /// Where the registry's API is, found out with the ping `/v2/` where http is allowed.
    private func apiAddress() async throws -> WebAddress {
        if let base { return base }
        let candidates = RegistryAddress.candidates(
            for: registry, verifiesTLS: settings.verifiesTLS)
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
        address.target = "/v2/"
        let response = try await transport.send(WebRequest(address: address))
        hasAnswered = true
        let status = response.status.code
        _ = await response.refusal()
        return status != 400  // what TLS servers answer to plain text
    }
}
