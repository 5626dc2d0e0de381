import OCI
import Testing

@testable import RegistryServer

@Suite struct RepositoryNamesTests {
    private let names = RepositoryNames(registry: "localhost:5000", showsOthers: true)

    private func places(_ name: String, _ namespace: String? = nil) throws -> [String] {
        try names.places(name, namespace: namespace).map(\.repository)
    }

    @Test func `a name is the registry's own, and another registry's where one has it`() throws {
        #expect(try places("team/app") == ["localhost:5000/team/app", "docker.io/team/app"])
        #expect(try places("debian") == ["localhost:5000/debian", "docker.io/library/debian"])
        #expect(
            try places("docker.io/library/debian") == [
                "localhost:5000/docker.io/library/debian", "docker.io/library/debian",
            ])
        #expect(try places("quay.io/a/b").last == "quay.io/a/b")
        #expect(try places("library/debian", "docker.io").last == "docker.io/library/debian")
        #expect(try places("a/b", "quay.io:443").last == "quay.io:443/a/b")
        #expect(try places("a/b", "no host").count == 1)
        #expect(try places("a", "b@sha256:0").count == 1)
    }

    @Test func `the registry's own names are all that it shows on demand`() throws {
        let names = RepositoryNames(registry: "r.example", showsOthers: false)
        #expect(
            try names.places("debian", namespace: nil).map(\.repository) == ["r.example/debian"])
        #expect(names.name(of: try ImageReference(parsing: "debian:12")) == nil)
        #expect(names.name(of: try ImageReference(parsing: "r.example/debian:12")) == "debian")
    }

    @Test func `an image's name on the wire is one that shows it`() throws {
        func name(_ text: String) throws -> String? {
            names.name(of: try ImageReference(parsing: text))
        }
        #expect(try name("localhost:5000/team/app:1") == "team/app")
        #expect(try name("debian:12") == "docker.io/library/debian")
        #expect(try name("other:5000/app:1") == nil)
    }

    @Test(arguments: ["Upper", "a//b", "/a", "a/", "a:1", "a@b", "a..b", "-a", "", "ä"])
    func `what is no name is refused`(name: String) {
        #expect(throws: Refusal.self) { try names.own(name) }
    }
}
