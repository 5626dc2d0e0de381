import Diagnostics
import OCI
import SystemPackage
import Testing

@testable import Registry

@Suite struct RegistriesConfigurationTests {
    private func read(_ texts: String...) throws -> RegistriesConfiguration {
        var configuration = RegistriesConfiguration()
        for (number, text) in texts.enumerated() {
            try configuration.read(Array(text.utf8), named: "\(number).conf")
        }
        return configuration
    }

    private func places(
        _ configuration: RegistriesConfiguration, _ name: String
    ) throws -> [String] {
        try configuration.sources(of: ImageReference(parsing: name)).map {
            "\($0.registry)/\($0.repository)\($0.isInsecure ? " insecure" : "")"
        }
    }

    private let digest = "@sha256:" + String(repeating: "a", count: 64)

    @Test func `the longest prefix decides where an image is`() throws {
        let configuration = try read(
            """
            [[registry]]
            location = "r.example"
            [[registry]]
            prefix = "r.example/team"
            location = "other.example:5000/moved/"
            insecure = true
            [[registry]]
            prefix = "*.internal"
            insecure = true
            """)
        #expect(try places(configuration, "r.example/x:1") == ["r.example/x"])
        #expect(
            try places(configuration, "r.example/team/x:1") == [
                "other.example:5000/moved/x insecure"
            ])
        #expect(try places(configuration, "r.example/teams/x:1") == ["r.example/teams/x"])
        #expect(
            try places(configuration, "a.b.internal:5000/x") == ["a.b.internal:5000/x insecure"])
        #expect(
            try places(configuration, "internal/x.internal") == ["docker.io/internal/x.internal"])
        #expect(try places(configuration, "debian") == ["docker.io/library/debian"])
    }

    @Test func `mirrors come first, for digests or tags as they say`() throws {
        let configuration = try read(
            """
            [[registry]]
            prefix = "docker.io"
            location = "docker.io"
            [[registry.mirror]]
            location = "m1.example/hub"
            [[registry.mirror]]
            location = "m2.example"
            pull-from-mirror = "digest-only"
            [[registry.mirror]]
            location = "m3.example"
            pull-from-mirror = "tag-only"
            insecure = true
            """)
        #expect(
            try places(configuration, "debian:12") == [
                "m1.example/hub/library/debian", "m3.example/library/debian insecure",
                "docker.io/library/debian",
            ])
        #expect(
            try places(configuration, "debian" + digest) == [
                "m1.example/hub/library/debian", "m2.example/library/debian",
                "docker.io/library/debian",
            ])
        let digests = try read(
            """
            [[registry]]
            location = "r.example"
            mirror-by-digest-only = true
            mirror = [{location = "m.example"}]
            """)
        #expect(try places(digests, "r.example/a:1") == ["r.example/a"])
        #expect(try places(digests, "r.example/a" + digest) == ["m.example/a", "r.example/a"])
    }

    @Test func `a blocked registry is refused, for pulls and pushes`() throws {
        let configuration = try read("[[registry]]\nlocation = 'r.example/bad'\nblocked = true")
        let problem = #expect(throws: Problem.self) { try places(configuration, "r.example/bad/x") }
        #expect(problem?.kind == .denied)
        #expect(try places(configuration, "r.example/badly") == ["r.example/badly"])
    }

    @Test func `later files win, by prefix and by key`() throws {
        let configuration = try read(
            """
            unqualified-search-registries = ["a.example"]
            short-name-mode = "enforcing"
            [[registry]]
            location = "r.example"
            insecure = true
            [aliases]
            one = "a.example/one"
            two = "a.example/two"
            """,
            """
            unqualified-search-registries = ["b.example", "docker.io"]
            short-name-mode = "permissive"
            [[registry]]
            location = "r.example"
            [aliases]
            two = ""
            """)
        #expect(try places(configuration, "r.example/x") == ["r.example/x"])
        #expect(
            try configuration.candidates(for: "one:3").map(\.description) == ["a.example/one:3"])
        #expect(
            try configuration.candidates(for: "two:3").map(\.description)
                == ["b.example/two:3", "docker.io/library/two:3"])
        #expect(
            try configuration.candidates(for: "c.example/two").map(\.description)
                == ["c.example/two"])
    }

    @Test func `without registries to search, short names are Docker's`() throws {
        let configuration = try read("[aliases]\nfedora = 'registry.fedoraproject.org/fedora'")
        #expect(
            try configuration.candidates(for: "fedora").map(\.description)
                == ["docker.io/library/fedora"])
        let strict = try read(
            "unqualified-search-registries = ['a.example', 'b.example']\nshort-name-mode = 'enforcing'"
        )
        #expect(throws: Problem.self) { try strict.candidates(for: "one") }
    }

    @Test(arguments: [
        ("[registries.search]\nregistries = []", "first version"),
        ("[[registry]]\ninsecure = true", "neither prefix nor location"),
        ("[[registry]]\nprefix = 'r.example'", "location is not set"),
        ("[[registry]]\nlocation = 'https://r.example'", "line 2: \"https://r.example\""),
        ("[[registry]]\nlocation = 'r'\nblocked = 'yes'", "line 3: \"blocked\" has to be true or"),
        ("[[registry]]\nlocation = 'r'\nmirror = [{}]", "no location"),
        (
            "[[registry]]\nlocation = 'r'\nmirror-by-digest-only = true\n[[registry.mirror]]\n"
                + "location = 'm'\npull-from-mirror = 'all'", "mirror-by-digest-only"
        ),
        ("short-name-mode = 'guess'", "neither enforcing"),
        (
            "[[registry]]\nlocation = 'r'\n[[registry]]\nprefix = 'p'\nlocation = 'r'\n"
                + "insecure = true", "r is insecure for the prefix p alone"
        ),
        ("unqualified-search-registries = 'a'", "has to be a list"),
    ])
    func `mistakes are errors`(text: String, why: String) {
        let problem = #expect(throws: Problem.self) { try read(text) }
        #expect(problem?.why.contains(why) == true, "\(problem?.why ?? "")")
    }

    @Test func `files are found as containers finds them`() {
        func files(_ variables: [String: String], _ there: String...) -> [String] {
            let files = RegistriesFiles(
                environment: { variables[$0] }, exists: { there.contains($0.string) })
            return ([files.main] + files.dropIns).map(\.string)
        }
        let system = "/etc/containers/registries.conf"
        let own = "/h/.config/containers/registries.conf"
        #expect(files(["HOME": "/h"]) == [system, system + ".d", own + ".d"])
        #expect(files(["HOME": "/h"], own) == [own, own + ".d"])
        #expect(
            files(["HOME": "/h", "CONTAINERS_REGISTRIES_CONF": "/f"])
                == ["/f", system + ".d", own + ".d"])
        #expect(
            files(["XDG_CONFIG_HOME": "/x", "CONTAINERS_REGISTRIES_CONF_DIR": "/d"]) == [
                system, "/d",
            ])
    }
}
