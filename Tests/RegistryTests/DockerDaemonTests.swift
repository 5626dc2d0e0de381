import Diagnostics
import Testing

@testable import Registry

/// Where Docker's daemon is, and what it says.
@Suite struct DockerDaemonTests {
    private func daemon(_ variables: [String: String]) throws(Problem) -> DockerDaemon {
        let settings = try RegistrySettings(verifiesTLS: true, authFile: nil) { name in
            name == "CONTAINERS_REGISTRIES_CONF" ? "/dev/null" : nil
        }
        return try DockerDaemon(settings: settings) { variables[$0] }
    }

    @Test(arguments: [
        (["DOCKER_HOST": "unix:///no/such/socket"], Problem.Kind.unavailable, "no such socket"),
        (["DOCKER_HOST": "ssh://host"], .unsupported, "unix:// and by tcp://"),
        (["DOCKER_HOST": "fd://"], .unsupported, "unix:// and by tcp://"),
        (
            ["DOCKER_HOST": "tcp://host:2376", "DOCKER_TLS_VERIFY": "1"], .unsupported,
            "without TLS"
        ),
        (["DOCKER_HOST": "tcp://:99999"], .invalid, "no address"),
    ])
    func `a daemon that cannot be reached is an error`(
        variables: [String: String], kind: Problem.Kind, why: String
    ) throws {
        let problem = #expect(throws: Problem.self) { try daemon(variables) }
        #expect(problem?.kind == kind)
        #expect(problem?.why.contains(why) == true)
    }

    @Test func `a daemon of another machine may listen at a port`() throws {
        _ = try daemon(["DOCKER_HOST": "tcp://host:2375"])
        _ = try daemon(["DOCKER_HOST": "tcp://host:2375", "DOCKER_TLS_VERIFY": ""])
    }

    @Test func `a mistake stands among what the daemon says`() {
        func mistake(_ text: String) -> String? { DockerDaemon.mistake(in: Array(text.utf8)) }
        #expect(mistake("") == nil)
        #expect(mistake("{\"stream\":\"Loaded image: a:1\\n\"}\r\nno json\n") == nil)
        #expect(
            mistake(
                "{\"stream\":\"x\"}\n{\"errorDetail\":{\"message\":\"full\"},\"error\":\"e\"}\n")
                == "full")
        #expect(mistake("{\"error\":\"old\"}") == "old")
    }
}
