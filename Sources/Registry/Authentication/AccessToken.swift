package import Diagnostics
import OCI

/// A token server's answer (distribution's token specification; RFC 6749, section 5.1).
package struct AccessToken: Sendable, Equatable {
    /// The token.
    package var value: String
    /// How long it is good for.
    package var lifetime: Duration
    /// A lasting token, where one was asked for.
    package var identityToken: String?

    /// Reads an answer: `token` or `access_token`, and `expires_in` in seconds, 60 when unsaid.
    package init(json bytes: [UInt8], from realm: String) throws(Problem) {
        let json = try JSONValue.parse(bytes, named: "the answer of the token server \(realm)")
        let candidates = [json["token"]?.string, json["access_token"]?.string]
        guard let value = candidates.compactMap({ $0 }).first(where: { !$0.isEmpty }) else {
            throw Problem(
                kind: .unavailable, what: "cannot get a token from \(realm)",
                why: "its answer has neither \"token\" nor \"access_token\"")
        }
        self.value = value
        identityToken = json["refresh_token"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        lifetime = .seconds(max(json["expires_in"]?.int ?? 60, 60))
    }
}

extension Challenge.TokenRequest {
    /// The address that a token is asked from with GET.
    ///
    /// - Parameters:
    ///   - account: the user's name, where one logs in.
    ///   - isLogin: whether a lasting token is asked for, too.
    /// - Returns: nil when the realm is no http address.
    func address(account: String?, isLogin: Bool) -> WebAddress? {
        guard var address = WebAddress(realm) else { return nil }
        var parameters: [String] = []
        if let service { parameters.append("service=\(service.escapedForQuery)") }
        for scope in scopes { parameters.append("scope=\(scope.escapedForQuery)") }
        if let account { parameters.append("account=\(account.escapedForQuery)") }
        if isLogin { parameters += ["client_id=kade", "offline_token=true"] }
        guard !parameters.isEmpty else { return address }
        address.target += address.target.contains("?") ? "&" : "?"
        address.target += parameters.joined(separator: "&")
        return address
    }

    /// The form that changes an identity token into an access token (OAuth 2, POST).
    func form(identityToken: String) -> String {
        var fields = ["grant_type=refresh_token", "client_id=kade"]
        if let service { fields.append("service=\(service.escapedForQuery)") }
        if !scopes.isEmpty {
            fields.append("scope=\(scopes.joined(separator: " ").escapedForQuery)")
        }
        fields.append("refresh_token=\(identityToken.escapedForQuery)")
        return fields.joined(separator: "&")
    }

    private var scopes: [String] {
        (scope ?? "").split(separator: " ").map(String.init)
    }
}
