import Diagnostics
import SystemPackage
import Testing

@testable import RegistryServer

@Suite struct AuthenticationTests {
    /// bcrypt of "secret", of the lowest cost.
    private static let hash = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"

    @Test func `users and bcrypt's hashes are read`() throws {
        let file = try PasswordFile(
            "# users\nme:\(Self.hash)\r\n\nyou:\(Self.hash)\n", named: "users")
        #expect(Set(file.hashes.keys) == ["me", "you"])
    }

    @Test(arguments: [
        "me", "me:plain", "me:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "me:$apr1$x$y", "me:$2y$04$short",
    ])
    func `other hashes are refused with their line`(line: String) {
        let problem = #expect(throws: Problem.self) {
            try PasswordFile("a:\(Self.hash)\n\(line)\n", named: "users")
        }
        #expect(problem?.why.hasPrefix("line 2: ") == true)
        #expect(problem?.fix?.contains("htpasswd -B") == true)
    }

    @Test func `a password matches its hash alone`() {
        #expect(PasswordHash.matches("secret", Self.hash))
        #expect(!PasswordHash.matches("secret ", Self.hash))
        #expect(!PasswordHash.matches("secret\0", Self.hash))
        #expect(!PasswordHash.matches("secret", "x"))
    }

    @Test func `a login is what stands before and after the first colon`() {
        #expect(Login(authorization: "Basic bWU6YTpi") == Login(user: "me", password: "a:b"))
        #expect(Login(authorization: "basic bWU6") == Login(user: "me", password: ""))
        for text in ["", "Basic", "Basic bWU=", "Bearer bWU6YQ==", "Basic !"] {
            #expect(Login(authorization: text) == nil, "\(text)")
        }
    }
}
