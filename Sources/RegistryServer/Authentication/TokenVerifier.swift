import Crypto
import CryptoExtras
import Diagnostics
import Linux
import OCI
import Registry
import Storage
package import SystemPackage

/// A token server that a registry believes (distribution, Token Authentication Specification).
package struct TokenServer: Sendable, Equatable {
    /// Where clients get tokens: "https://auth.example/token".
    package var realm: String
    /// This registry, as tokens name it.
    package var service: String
    /// The token server, as tokens name it.
    package var issuer: String
    /// Its public key, in PEM form.
    package var key: FilePath

    package init(realm: String, service: String, issuer: String, key: FilePath) {
        self.realm = realm
        self.service = service
        self.issuer = issuer
        self.key = key
    }
}

/// Reads tokens of a token server: JSON Web Tokens (RFC 7519) with its signature.
struct TokenVerifier: Sendable {
    let server: TokenServer
    private let key: SigningKey

    /// How far clocks may differ, in seconds.
    private static let leeway = 60

    /// - Throws: `.invalid` or `.unsupported` when the key cannot be used.
    init(_ server: TokenServer) throws(Problem) {
        let path = server.key
        let bytes = try asking("cannot use the token server's key") {
            () throws(SystemCallError) in try File.read(path)
        }
        try self.init(server, key: try SigningKey(pem: bytes, named: "\(path)"))
    }

    init(_ server: TokenServer, key: SigningKey) throws(Problem) {
        self.server = server
        self.key = key
        // They stand in quotes in a header.
        for text in [server.realm, server.service] {
            guard text.utf8.allSatisfy({ 0x20..<0x7f ~= $0 && $0 != 0x22 && $0 != 0x5c }) else {
                throw Problem(
                    kind: .invalid, what: "cannot use the token server \(text)",
                    why: "it has other characters than an address has",
                    fix: "see: kade registry serve --help")
            }
        }
    }

    /// What a token allows now.
    ///
    /// - Parameters:
    ///   - token: three parts in base64url with dots between them.
    ///   - now: seconds since 1970.
    /// - Returns: the rights.
    /// - Throws: `.denied` that says why the token counts for nothing.
    func access(of token: String, now: Int) throws(Problem) -> Access {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let head = Self.json(parts[0]), let claims = Self.json(parts[1]),
            let signature = Self.decode(parts[2])
        else { throw Self.refusal("it is no JSON Web Token") }
        guard let algorithm = head["alg"]?.string, head["crit"] == nil,
            key.isValid(signature, of: algorithm, for: Array("\(parts[0]).\(parts[1])".utf8))
        else { throw Self.refusal("the token server's key has not signed it") }
        guard claims["iss"]?.string == server.issuer else {
            throw Self.refusal("its issuer is not \(server.issuer)")
        }
        let audience = claims["aud"]?.array?.compactMap(\.string) ?? [claims["aud"]?.string ?? ""]
        guard audience.contains(server.service) else {
            throw Self.refusal("it is not for \(server.service)")
        }
        guard let end = claims["exp"]?.int, now < end + Self.leeway else {
            throw Self.refusal("it has expired")
        }
        guard now + Self.leeway >= claims["nbf"]?.int ?? 0 else {
            throw Self.refusal("it is not valid yet")
        }
        return .granted(Self.rights(in: claims))
    }

    private static func rights(in claims: JSONValue) -> Set<Access.Right> {
        var rights: Set<Access.Right> = []
        for entry in claims["access"]?.array ?? [] {
            guard let type = entry["type"]?.string, let name = entry["name"]?.string else {
                continue
            }
            for action in entry["actions"]?.array?.compactMap(\.string) ?? [] {
                rights.insert(Access.Right(type: type, name: name, action: action))
            }
        }
        return rights
    }

    private static func json(_ part: String) -> JSONValue? {
        guard let bytes = decode(part) else { return nil }
        return try? JSONValue.parse(bytes, named: "the token")  // else it is no token
    }

    /// Base64 with the alphabet for addresses (RFC 4648 § 5).
    private static func decode(_ part: String) -> [UInt8]? {
        let standard = part.map { character -> Character in
            switch character {
            case "-": "+"
            case "_": "/"
            default: character
            }
        }
        return Base64.decode(String(standard))
    }

    private static func refusal(_ why: String) -> Problem {
        Problem(kind: .denied, what: "cannot accept the token", why: why)
    }
}

extension SigningKey {
    /// Whether the key signed a text, with an algorithm of JSON Web Signatures (RFC 7518 § 3.3 to
    /// 3.5, RFC 8037).
    ///
    /// The key decides which algorithm it has to be, not the token; of an RSA key only the hash and
    /// the padding are the token's choice.
    fileprivate func isValid(_ signature: [UInt8], of algorithm: String, for text: [UInt8]) -> Bool
    {
        switch (self, algorithm) {
        case (.p256(let key), "ES256"):
            guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature)
            else { return false }  // which is no signature at all
            return key.isValidSignature(signature, for: SHA256.hash(data: text))
        case (.p384(let key), "ES384"):
            guard let signature = try? P384.Signing.ECDSASignature(rawRepresentation: signature)
            else { return false }
            return key.isValidSignature(signature, for: SHA384.hash(data: text))
        case (.p521(let key), "ES512"):
            guard let signature = try? P521.Signing.ECDSASignature(rawRepresentation: signature)
            else { return false }
            return key.isValidSignature(signature, for: SHA512.hash(data: text))
        case (.ed25519(let key), "EdDSA"): return key.isValidSignature(signature, for: text)
        case (.rsa(let key), _):
            let padding: _RSA.Signing.Padding =
                algorithm.hasPrefix("PS") ? .PSS : .insecurePKCS1v1_5
            let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
            switch algorithm {
            case "RS256", "PS256":
                return key.isValidSignature(
                    signature, for: SHA256.hash(data: text), padding: padding)
            case "RS384", "PS384":
                return key.isValidSignature(
                    signature, for: SHA384.hash(data: text), padding: padding)
            case "RS512", "PS512":
                return key.isValidSignature(
                    signature, for: SHA512.hash(data: text), padding: padding)
            default: return false
            }
        default: return false
        }
    }
}
