import Diagnostics
import Testing

@testable import Registry

@Suite struct AccessTokenTests {
    private func token(_ json: String) throws -> AccessToken {
        try AccessToken(json: Array(json.utf8), from: "https://auth.example/token")
    }

    @Test func `either name of the token is read`() throws {
        #expect(try token(#"{"token": "a", "expires_in": 300}"#).value == "a")
        #expect(try token(#"{"access_token": "b", "token": ""}"#).value == "b")
    }

    @Test func `a token lives for a minute at least`() throws {
        #expect(try token(#"{"token": "a", "expires_in": 300}"#).lifetime == .seconds(300))
        #expect(try token(#"{"token": "a"}"#).lifetime == .seconds(60))
        #expect(try token(#"{"token": "a", "expires_in": 5}"#).lifetime == .seconds(60))
    }

    @Test func `an answer without a token is an error`() {
        #expect(throws: Problem.self) { try token("{}") }
        #expect(throws: Problem.self) { try token("<html>") }
    }

    @Test func `a token is asked with service, scopes and account`() {
        let request = Challenge.TokenRequest(
            realm: "https://auth.example/token?x=1", service: "r.example",
            scope: "repository:a/b:pull repository:c:pull")
        #expect(
            request.address(account: "me", isLogin: false)?.description
                == "https://auth.example/token?x=1&service=r.example"
                + "&scope=repository%3Aa%2Fb%3Apull&scope=repository%3Ac%3Apull&account=me")
        #expect(
            request.form(identityToken: "t&t")
                == "grant_type=refresh_token&client_id=kade&service=r.example"
                + "&scope=repository%3Aa%2Fb%3Apull%20repository%3Ac%3Apull&refresh_token=t%26t")
    }

    @Test(arguments: [
        ("docker.io", true, ["https://registry-1.docker.io/"]),
        ("r.example:5000", true, ["https://r.example:5000/"]),
        ("r.example", false, ["https://r.example/", "http://r.example/"]),
        ("localhost:5000", true, ["http://localhost:5000/", "https://localhost:5000/"]),
        ("[::1]:5000", true, ["http://[::1]:5000/", "https://[::1]:5000/"]),
    ])
    func `registries are reached with https, on this machine with http`(
        registry: String, verifies: Bool, expected: [String]
    ) {
        let found = RegistryAddress.candidates(for: registry, verifiesTLS: verifies)
        #expect(found.map(\.description) == expected)
    }

    @Test(arguments: [
        (404, "MANIFEST_UNKNOWN", Problem.Kind.notFound), (401, "UNAUTHORIZED", .denied),
        (403, "DENIED", .denied), (429, "TOOMANYREQUESTS", .exhausted),
        (400, "NAME_INVALID", .invalid), (503, "UNAVAILABLE", .unavailable),
    ])
    func `a registry's error code decides the kind`(
        status: Int, code: String, kind: Problem.Kind
    ) {
        let body = #"{"errors": [{"code": "\#(code)", "message": "words"}]}"#
        let problem = RegistryRefusal(status: UInt(status), body: Array(body.utf8))
            .problem(what: "cannot pull x", registry: "r.example")
        #expect(problem.kind == kind)
        #expect(problem.why.hasPrefix("r.example says \(code): words"))
    }

    @Test func `a body of another kind leaves the status`() {
        let refusal = RegistryRefusal(status: 502, body: Array("<html>".utf8))
        #expect(refusal.problem(what: "w", registry: "r").why == "r answers 502")
    }
}
