import Diagnostics
import Glibc
import NIOHTTP1

/// Who is let in, and what for.
enum Authenticator: Sendable {
    /// Everybody, for everything.
    case open
    /// Users with a password, for everything.
    case passwords(PasswordGate)
    /// Who has a token, for what it says.
    case tokens(TokenVerifier)

    /// Checks who asks for something.
    ///
    /// - Returns: what he may do.
    /// - Throws: a refusal with a challenge.
    func check(_ request: Request, for route: Route?) async throws -> Access {
        switch self {
        case .open: return .everything
        case .passwords(let gate):
            try await gate.check(request)
            return .everything
        case .tokens(let verifier):
            return try check(request, for: route, with: verifier)
        }
    }

    private func check(
        _ request: Request, for route: Route?, with verifier: TokenVerifier
    ) throws(Refusal) -> Access {
        let rights = route.map { Access.rights(for: $0, request.method) } ?? []
        func challenge(_ error: String?, _ why: String) -> Refusal {
            var text = "Bearer realm=\"\(verifier.server.realm)\""
            text += ",service=\"\(verifier.server.service)\""
            if let scope = Access.scope(of: rights) { text += ",scope=\"\(scope)\"" }
            if let error { text += ",error=\"\(error)\"" }
            return Refusal(.unauthorized, .unauthorized, why, ["WWW-Authenticate": text])
        }
        let words = (request.headers.first(name: "Authorization") ?? "")
            .split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer" else {
            throw challenge(nil, "a token is needed")
        }
        let access: Access
        do {
            access = try verifier.access(of: String(words[1]), now: time(nil))
        } catch {
            throw challenge("invalid_token", "the token does not count: \(error.why)")
        }
        guard access.allows(rights) else {
            throw challenge("insufficient_scope", "the token does not allow this")
        }
        return access
    }
}
