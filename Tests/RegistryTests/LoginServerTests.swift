import Testing

@testable import Registry

@Suite struct LoginServerTests {
    @Test(
        arguments: [
            (nil, "docker.io", "https://index.docker.io/v1/"),
            ("https://index.docker.io/v1/", "docker.io", "https://index.docker.io/v1/"),
            ("r.example:5000", "r.example:5000", "r.example:5000"),
            ("https://r.example/v2/", "r.example", "r.example"),
        ] as [(String?, String, String)])
    func `registries have one key each`(text: String?, registry: String, key: String) throws {
        let server = try LoginServer(parsing: text)
        #expect(server.registry == registry)
        #expect(server.key(in: .docker) == key)
        #expect(server.key(in: .containers) == registry)
    }

    @Test func `a namespace is a key of Podman's file alone`() throws {
        let server = try LoginServer(parsing: "quay.io/team")
        #expect(server.key(in: .containers) == "quay.io/team")
        #expect(server.key(in: .docker) == "quay.io")
    }
}
