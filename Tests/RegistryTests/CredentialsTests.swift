import Diagnostics
import OCI
import SystemPackage
import Testing

@testable import Registry

@Suite struct CredentialsTests {
    private func file(_ json: String) throws -> CredentialFile {
        try CredentialFile(json: Array(json.utf8), named: "config.json")
    }

    @Test func `a password is kept in base64`() throws {
        let file = try file(#"{"auths": {"localhost:5000": {"auth": "dXNlcjpwYTpzcw=="}}}"#)
        let source = file.source(registry: "localhost:5000", repository: "a/b")
        let expected = Credentials.password(user: "user", secret: "pa:ss")
        #expect(source == .known(expected))
        #expect(expected.basicAuthorization == "Basic dXNlcjpwYTpzcw==")
        #expect(file.source(registry: "localhost:5001", repository: "a/b") == nil)
    }

    @Test(arguments: [
        "https://index.docker.io/v1/", "docker.io", "registry-1.docker.io", "https://docker.io/v2/",
    ])
    func `Docker's Hub has many names`(key: String) throws {
        let file = try file(#"{"auths": {"\#(key)": {"auth": "dTpw"}}}"#)
        #expect(
            file.source(registry: "docker.io", repository: "library/debian")
                == .known(.password(user: "u", secret: "p")))
    }

    @Test func `the longest namespace wins`() throws {
        let file = try file(
            #"""
            {"auths": {"r.example": {"auth": "YTph"}, "r.example/team": {"auth": "Yjpi"},
                       "r.example/team/app": {"auth": "Yzpj"}}}
            """#)
        #expect(
            file.source(registry: "r.example", repository: "team/other")
                == .known(.password(user: "b", secret: "b")))
        #expect(
            file.source(registry: "r.example", repository: "team/app")
                == .known(.password(user: "c", secret: "c")))
    }

    @Test func `an identity token goes before a password`() throws {
        let file = try file(
            #"{"auths": {"r.example": {"auth": "YTph", "identitytoken": "T"}}}"#)
        #expect(
            file.source(registry: "r.example", repository: "x") == .known(.identityToken("T")))
        #expect(Credentials.identityToken("T").basicAuthorization == nil)
    }

    @Test func `helpers are asked for their registry, a store for all`() throws {
        let file = try file(
            #"""
            {"credsStore": "pass", "credHelpers": {"gcr.example": "gcloud"},
             "auths": {"gcr.example": {}, "other.example": {}}}
            """#)
        #expect(
            file.source(registry: "gcr.example", repository: "x")
                == .helper(name: "gcloud", server: "gcr.example"))
        #expect(
            file.source(registry: "other.example", repository: "x")
                == .helper(name: "pass", server: "other.example"))
        #expect(
            file.source(registry: "docker.io", repository: "x")
                == .helper(name: "pass", server: "https://index.docker.io/v1/"))
    }

    @Test func `a damaged password is an error that names file and registry`() throws {
        let problem = #expect(throws: Problem.self) {
            try file(#"{"auths": {"r.example": {"auth": "%%%"}}}"#)
        }
        #expect(problem?.what.contains("r.example in config.json") == true)
    }

    @Test func `a helper's answer is read, tokens too`() throws {
        let password = #"{"ServerURL": "x", "Username": "u", "Secret": "s"}"#
        let token = #"{"Username": "<token>", "Secret": "s"}"#
        #expect(
            try CredentialHelper.parse(Array(password.utf8), program: "p")
                == .password(user: "u", secret: "s"))
        #expect(
            try CredentialHelper.parse(Array(token.utf8), program: "p") == .identityToken("s"))
        #expect(throws: Problem.self) {
            try CredentialHelper.parse(Array("{}".utf8), program: "p")
        }
    }

    @Test func `files are found as Docker and Podman find them`() {
        func files(_ variables: [String: String]) -> [String] {
            CredentialStore(authFile: nil) { variables[$0] }.files.map(\.string)
        }
        #expect(
            files(["HOME": "/h", "XDG_RUNTIME_DIR": "/r"]) == [
                "/h/.docker/config.json", "/r/containers/auth.json",
                "/h/.config/containers/auth.json",
            ])
        #expect(
            files(["HOME": "/h", "DOCKER_CONFIG": "/d"]) == [
                "/d/config.json", "/h/.config/containers/auth.json",
            ])
        #expect(files(["HOME": "/h", "REGISTRY_AUTH_FILE": "/f"]) == ["/f"])
    }

    @Test func `headers for registries are those that Docker hands on`() throws {
        func names(_ text: String) throws -> [String] {
            try CredentialStore.metaHeaders(in: Array(text.utf8), named: "c").map {
                "\($0.name)=\($0.value)"
            }
        }
        #expect(
            try names(
                #"{"HttpHeaders": {"X-Meta-A": "1", "x-meta-b": "2", "User-Agent": "u"}}"#)
                == ["X-Meta-A=1", "x-meta-b=2"])
        #expect(try names("{}").isEmpty)
        #expect(throws: Problem.self) { try names("{") }
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"),
    ])
    func `base64 is that of RFC 4648`(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
    }
}
