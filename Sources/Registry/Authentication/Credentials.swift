package import Diagnostics
import OCI
package import SystemPackage

/// How a user proves who they are to a registry.
package enum Credentials: Sendable, Equatable {
    /// A user name with a password or an access token.
    case password(user: String, secret: String)
    /// A token that the token server changes into short-lived ones (OAuth 2 refresh_token).
    case identityToken(String)

    /// The value of an `Authorization: Basic` header (RFC 7617); nil for an identity token.
    package var basicAuthorization: String? {
        guard case .password(let user, let secret) = self else { return nil }
        return "Basic " + Base64.encode(Array("\(user):\(secret)".utf8))
    }
}

/// One configuration file with credentials: Docker's config.json or containers-auth.json(5).
package struct CredentialFile: Sendable, Equatable {
    /// What the file says of each key, a registry or (in Podman's file) a namespace in one.
    package var entries: [String: Credentials]
    /// The helper for all registries: "secretservice" stands for docker-credential-secretservice.
    package var store: String?
    /// The helpers for single registries.
    package var helpers: [String: String]

    /// Where the credentials of a repository come from.
    package enum Source: Sendable, Equatable {
        case known(Credentials)
        case helper(name: String, server: String)
    }

    /// A file, and whose rules it follows.
    package struct Place: Sendable, Equatable {
        package var path: FilePath
        package var style: Style

        /// The two kinds of files; they name Docker's Hub in different ways.
        package enum Style: Sendable {
            case docker
            case containers
        }
    }

    /// Reads a file's text.
    ///
    /// - Parameters:
    ///   - bytes: the text.
    ///   - name: the file's name, for the error.
    /// - Throws: `.invalid` when it is not JSON or a password is not in its form.
    package init(json bytes: [UInt8], named name: String) throws(Problem) {
        let json = try JSONValue.parse(bytes, named: name)
        store = json["credsStore"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        helpers = [:]
        for member in json["credHelpers"]?.object?.members ?? [] {
            helpers[member.name] = member.value.string
        }
        entries = [:]
        for member in json["auths"]?.object?.members ?? [] {
            entries[member.name] = try Self.credentials(
                of: member.value, registry: member.name, file: name)
        }
    }

    /// Where the credentials of a repository come from.
    ///
    /// - Parameters:
    ///   - registry: the registry's name: "docker.io", "localhost:5000".
    ///   - repository: the repository in it: "library/debian".
    /// - Returns: nil when the file knows none.
    package func source(registry: String, repository: String) -> Source? {
        for key in Self.keys(registry: registry, repository: repository) {
            if let helper = helpers[key] { return .helper(name: helper, server: key) }
            if store == nil, let known = entries.first(where: { Self.normalised($0.key) == key }) {
                return .known(known.value)
            }
        }
        guard let store else { return nil }
        let server = registry == "docker.io" ? "https://index.docker.io/v1/" : registry
        return .helper(name: store, server: server)
    }

    /// The keys to look up, the longest namespace first.
    private static func keys(registry: String, repository: String) -> [String] {
        var parts = ([registry] + repository.split(separator: "/").map(String.init))[...]
        var keys: [String] = []
        while !parts.isEmpty {
            keys.append(parts.joined(separator: "/"))
            parts = parts.dropLast()
        }
        return keys
    }

    /// A key without scheme and API path; Docker's names for its Hub become "docker.io".
    private static func normalised(_ key: String) -> String {
        var key = key[...]
        for scheme in ["https://", "http://"] where key.hasPrefix(scheme) {
            key = key.dropFirst(scheme.count)
        }
        while key.hasSuffix("/") { key = key.dropLast() }
        for version in ["/v1", "/v2"] where key.hasSuffix(version) {
            key = key.dropLast(version.count)
        }
        switch key {
        case "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com":
            return "docker.io"
        default:
            return String(key)
        }
    }

    private static func credentials(
        of entry: JSONValue, registry: String, file: String
    ) throws(Problem) -> Credentials? {
        if let token = entry["identitytoken"]?.string, !token.isEmpty {
            return .identityToken(token)
        }
        if let user = entry["username"]?.string, let secret = entry["password"]?.string {
            return .password(user: user, secret: secret)
        }
        guard let auth = entry["auth"]?.string, !auth.isEmpty else { return nil }
        let text = Base64.decode(auth).map { String(decoding: $0, as: UTF8.self) }
        guard let text, let colon = text.firstIndex(of: ":") else {
            throw Problem(
                kind: .invalid, what: "cannot read the credentials of \(registry) in \(file)",
                why: "its \"auth\" is not the base64 form of user:password",
                fix: "log in again: kade login \(registry)")
        }
        // Docker pads old passwords with zero bytes.
        let secret = text[text.index(after: colon)...].prefix { $0 != "\0" }
        return .password(user: String(text[..<colon]), secret: String(secret))
    }
}
