import Crypto
import CryptoExtras
import Diagnostics
import NIOHTTP1
import OCI
import Registry
import SystemPackage
import Testing

@testable import RegistryServer

@Suite struct TokenVerifierTests {
    private static let now = 1_800_000_000
    private let key = P256.Signing.PrivateKey()

    private func verifier() throws -> TokenVerifier {
        try TokenVerifier(
            TokenServer(realm: "https://auth.example/", service: "r", issuer: "auth", key: "key"),
            key: .p256(key.publicKey))
    }

    private func encode(_ bytes: [UInt8]) -> String {
        Base64.encode(bytes).filter { $0 != "=" }
            .map { $0 == "+" ? "-" : $0 == "/" ? "_" : String($0) }.joined()
    }

    private func token(
        _ claims: [String: JSONValue?] = [:], head: JSONValue = ["alg": "ES256"]
    ) throws -> String {
        var all: JSONObject = [
            "iss": "auth", "aud": "r", "exp": .number(JSONNumber(Self.now + 300)),
            "nbf": .number(JSONNumber(Self.now)),
            "access": [["type": "repository", "name": "a/b", "actions": ["pull", "push"]]],
        ]
        for (name, value) in claims { all[name] = value }
        let text = encode(head.json()) + "." + encode(JSONValue.object(all).json())
        let signature = try key.signature(for: SHA256.hash(data: Array(text.utf8)))
        return text + "." + encode(Array(signature.rawRepresentation))
    }

    private func access(_ token: String) throws -> Access {
        try verifier().access(of: token, now: Self.now)
    }

    @Test func `a token grants what it says and no more`() throws {
        let access = try access(try token())
        for (method, path, isAllowed) in [
            (.GET, "/v2/a/b/manifests/1", true), (.PUT, "/v2/a/b/manifests/1", true),
            (.POST, "/v2/a/b/blobs/uploads/", true), (.DELETE, "/v2/a/b/manifests/1", false),
            (.GET, "/v2/a/manifests/1", false), (.GET, "/v2/_catalog", false), (.GET, "/v2/", true),
        ] as [(HTTPMethod, String, Bool)] {
            let route = try #require(Route(path: path))
            #expect(
                access.allows(Access.rights(for: route, method)) == isAllowed, "\(method) \(path)")
        }
        #expect(access.allowsPull(from: "a/b"))
        #expect(!access.allowsPull(from: "a"))
        let any: JSONValue = [["type": "repository", "name": "a", "actions": ["*"]]]
        let route = try #require(Route(path: "/v2/a/blobs/sha256:1"))
        #expect(
            try self.access(try token(["access": any])).allows(Access.rights(for: route, .DELETE)))
    }

    @Test func `a scope is what a challenge asks for`() throws {
        let route = try #require(Route(path: "/v2/a/b/blobs/uploads/x"))
        #expect(
            Access.scope(of: Access.rights(for: route, .PATCH)) == "repository:a/b:pull,push")
        #expect(Access.scope(of: Access.rights(for: .catalog, .GET)) == "registry:catalog:*")
        #expect(Access.scope(of: Access.rights(for: .root, .GET)) == nil)
    }

    @Test func `the audience may be one of several`() throws {
        #expect(try access(try token(["aud": ["x", "r"]])).allowsPull(from: "a/b"))
    }

    @Test(
        arguments: [
            ("iss", "other"), ("aud", "other"), ("aud", ["other"]), ("exp", nil),
            ("exp", .number(JSONNumber(now - 60))), ("nbf", .number(JSONNumber(now + 61))),
        ] as [(String, JSONValue?)])
    func `a token of another server, service or time counts for nothing`(
        name: String, value: JSONValue?
    ) throws {
        #expect(throws: Problem.self) { try access(try token([name: value])) }
    }

    @Test func `a signature that is none counts for nothing`() throws {
        let whole = try token()
        let parts = whole.split(separator: ".").map(String.init)
        let other = try token(["iss": "auth", "sub": "me"]).split(separator: ".").map(String.init)
        for text in [
            "", "a.b.c", "\(parts[0]).\(parts[1]).", "\(parts[0]).\(parts[1])",
            "\(parts[0]).\(other[1]).\(parts[2])",
        ] {
            #expect(throws: Problem.self) { try access(text) }
        }
        // The key decides how it has to be signed.
        for head: JSONValue in [
            ["alg": "none"], ["alg": "HS256"], ["alg": "ES384"], [:],
            ["alg": "ES256", "crit": ["exp"]],
        ] {
            #expect(throws: Problem.self) { try access(try token(head: head)) }
        }
        #expect(throws: Problem.self) {
            try TokenVerifier(
                TokenServer(realm: "https://a\"b", service: "r", issuer: "i", key: "key"),
                key: .p256(key.publicKey))
        }
    }

    @Test func `an RSA key's signatures count, with the hash and padding that the token says`()
        throws
    {
        let own = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let pem = Array(own.publicKey.pemRepresentation.utf8)
        let verifier = try TokenVerifier(
            TokenServer(realm: "https://auth.example/", service: "r", issuer: "auth", key: "key"),
            key: try SigningKey(pem: pem, named: "key"))
        func token(_ algorithm: String, signedAs other: String) throws -> String {
            let head: JSONValue = ["alg": .string(algorithm)]
            let parts = try self.token(head: head).split(separator: ".")
            let text = "\(parts[0]).\(parts[1])"
            let padding: _RSA.Signing.Padding = other.hasPrefix("PS") ? .PSS : .insecurePKCS1v1_5
            let bytes = Array(text.utf8)
            let signature =
                switch other.suffix(3) {
                case "384": try own.signature(for: SHA384.hash(data: bytes), padding: padding)
                case "512": try own.signature(for: SHA512.hash(data: bytes), padding: padding)
                default: try own.signature(for: SHA256.hash(data: bytes), padding: padding)
                }
            return text + "." + encode(Array(signature.rawRepresentation))
        }
        let algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
        for algorithm in algorithms {
            for other in algorithms {
                let access = try? verifier.access(
                    of: try token(algorithm, signedAs: other), now: Self.now)
                #expect((access != nil) == (algorithm == other), "\(algorithm) \(other)")
            }
        }
        for algorithm in ["ES256", "HS256", "none"] {
            #expect(throws: Problem.self) {
                try verifier.access(of: try token(algorithm, signedAs: "RS256"), now: Self.now)
            }
        }
    }
}
