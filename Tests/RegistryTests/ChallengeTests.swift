import Testing

@testable import Registry

@Suite struct ChallengeTests {
    @Test func `a token challenge with quoted commas is read`() {
        let header =
            #"Bearer realm="https://auth.docker.io/token",service="registry.docker.io","#
            + #"scope="repository:library/debian:pull,push""#
        #expect(
            Challenge.parse(header) == [
                .bearer(
                    .init(
                        realm: "https://auth.docker.io/token", service: "registry.docker.io",
                        scope: "repository:library/debian:pull,push"))
            ])
    }

    @Test func `a token is preferred to a password`() {
        let challenge = Challenge.strongest(of: [
            #"Basic realm="here", Bearer realm="https://there/token""#
        ])
        #expect(challenge == .bearer(.init(realm: "https://there/token", service: nil, scope: nil)))
    }

    @Test func `names are read in any case, and spaces around the equals sign`() {
        #expect(Challenge.parse(#"BASIC Realm = "a \"b\"""#) == [.basic(realm: #"a "b""#)])
    }

    @Test func `unknown schemes and a token without a server are left out`() {
        #expect(
            Challenge.parse(#"Negotiate, Bearer service="x", Basic realm=plain"#) == [
                .basic(realm: "plain")
            ])
        #expect(Challenge.strongest(of: ["Negotiate abc"]) == nil)
        #expect(Challenge.strongest(of: []) == nil)
    }
}
