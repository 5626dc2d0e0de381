/// What a registry asks for when it answers 401: the header `WWW-Authenticate` (RFC 9110, 11.6.1).
package enum Challenge: Sendable, Equatable {
    /// User name and password with every request (RFC 7617).
    case basic(realm: String)
    /// A token from a token server (distribution's token specification).
    case bearer(TokenRequest)

    /// Where a token comes from and what it must allow.
    package struct TokenRequest: Sendable, Equatable, Hashable {
        /// The token server's address.
        package var realm: String
        /// The registry's name in the token server's eyes.
        package var service: String?
        /// The rights asked for, separated by spaces: "repository:library/debian:pull".
        package var scope: String?

        package init(realm: String, service: String?, scope: String?) {
            self.realm = realm
            self.service = service
            self.scope = scope
        }
    }

    /// Picks the challenge to answer: a token before a password, as Docker and containerd do.
    ///
    /// - Parameter headers: the values of all `WWW-Authenticate` headers.
    /// - Returns: nil when there is none that can be answered.
    package static func strongest(of headers: [String]) -> Challenge? {
        let challenges = headers.flatMap(parse)
        let bearer = challenges.first {
            if case .bearer = $0 { true } else { false }
        }
        return bearer ?? challenges.first
    }

    /// Reads one header, which may hold several challenges; unknown schemes are left out.
    package static func parse(_ header: String) -> [Challenge] {
        var scanner = ChallengeScanner(header)
        var challenges: [Challenge] = []
        while let (scheme, parameters) = scanner.nextChallenge() {
            switch scheme.lowercased() {
            case "basic":
                challenges.append(.basic(realm: parameters["realm"] ?? ""))
            case "bearer":
                guard let realm = parameters["realm"] else { continue }
                challenges.append(
                    .bearer(
                        TokenRequest(
                            realm: realm, service: parameters["service"],
                            scope: parameters["scope"])))
            default:
                continue
            }
        }
        return challenges
    }
}

/// Walks through `scheme name=value, name="value", scheme …`.
private struct ChallengeScanner {
    private var rest: Substring.UnicodeScalarView

    init(_ header: String) {
        rest = Substring(header).unicodeScalars
    }

    /// The next scheme and its parameters, whose names are in lower case.
    mutating func nextChallenge() -> (scheme: String, parameters: [String: String])? {
        skipSeparators()
        let scheme = token()
        guard !scheme.isEmpty else { return nil }
        var parameters: [String: String] = [:]
        while let (name, value) = nextParameter() {
            parameters[name.lowercased()] = value
        }
        return (scheme, parameters)
    }

    /// The next `name=value`; nil (and nothing consumed) when a new scheme begins.
    private mutating func nextParameter() -> (String, String)? {
        let start = rest
        skipSeparators()
        let name = token()
        skipSpaces()
        guard !name.isEmpty, rest.first == "=" else {
            rest = start
            return nil
        }
        rest.removeFirst()
        skipSpaces()
        return (name, rest.first == "\"" ? quotedString() : token())
    }

    private mutating func quotedString() -> String {
        rest.removeFirst()
        var text = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            if scalar == "\"" { break }
            if scalar == "\\", let escaped = rest.popFirst() {
                text.append(escaped)
            } else {
                text.append(scalar)
            }
        }
        return String(text)
    }

    private mutating func token() -> String {
        let token = rest.prefix { !" \t,=\"".unicodeScalars.contains($0) }
        rest = rest[token.endIndex...]
        return String(token)
    }

    private mutating func skipSpaces() {
        rest = rest.drop { $0 == " " || $0 == "\t" }
    }

    private mutating func skipSeparators() {
        rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
    }
}
