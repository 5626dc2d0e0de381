import Diagnostics
import OCI
import SystemPackage
import Testing

@testable import Registry

/// Files `hosts.toml` as containerd has them.
@Suite struct RegistryHostTests {
    private func read(_ text: String) throws -> [RegistryHost] {
        try RegistryHost.read(Array(text.utf8), from: "/certs.d/r.example/hosts.toml")
    }

    @Test func `hosts come in the file's order, and the server last`() throws {
        let hosts = try read(
            """
            server = "https://r.example"
            [host."https://z.example:5000/prefix"]
              capabilities = ["pull", "Resolve"]
            [host."a.example/api"]
              override_path = true
            [host."http://b.example/v2/"]
            """)
        #expect(
            hosts.map { $0.address.map { "\($0)" } } == [
                "https://z.example:5000/", "https://a.example/", "http://b.example/",
                "https://r.example/",
            ])
        #expect(hosts.map(\.apiPath) == ["/prefix/v2", "/api", "/v2", "/v2"])
        #expect(hosts[0].capabilities == [.pull, .resolve])
        #expect(hosts[1].capabilities == [.pull, .resolve, .push])
    }

    @Test func `paths are relative to the file, and one text stands for a list`() throws {
        let hosts = try read(
            """
            [host."https://m.example"]
              ca = "ca.pem"
              client = [["me.cert", "/keys/me.key"]]
              skip_verify = true
              dial_timeout = "1.5s"
              [host."https://m.example".header]
                x-one = "1"
                x-two = ["2", "3"]
            """)
        let host = try #require(hosts.first)
        #expect(host.authorities == ["/certs.d/r.example/ca.pem"])
        #expect(host.identity?.certificate == "/certs.d/r.example/me.cert")
        #expect(host.identity?.key == "/keys/me.key")
        #expect(host.skipsVerification == true)
        #expect(host.dialTimeoutInNanoseconds == 1_500_000_000)
        #expect(
            host.headers == [
                .init(name: "x-one", value: "1"), .init(name: "x-two", value: "2"),
                .init(name: "x-two", value: "3"),
            ])
        #expect(hosts[1].address == nil)
    }

    @Test func `an http host with settings of TLS may be either`() throws {
        let hosts = try read(
            """
            [host."http://a.example:5000"]
              skip_verify = false
            [host."http://b.example"]
              skip_verify = true
            [host."http://c.example:5000"]
            """)
        let candidates = hosts.prefix(3).map { $0.candidates?.map { "\($0)" } }
        #expect(
            candidates == [
                ["https://a.example:5000/", "http://a.example:5000/"], ["http://b.example/"],
                ["http://c.example:5000/"],
            ])
    }

    @Test(arguments: [
        ("capabilities = [\"fly\"]", "line 1: \"fly\" is neither pull, resolve nor push"),
        ("\nserver = \"ftp://x\"", "line 2: \"ftp://x\" is no http address"),
        ("client = [\"a\", \"b\"]", "one client certificate"),
        ("client = [[\"a\"]]", "a certificate and its key"),
        ("ca = 7", "has to be a list"), ("dial_timeout = \"soon\"", "no time like 5s"),
        ("[host]\nx = 1", "has to be a table"),
    ])
    func `a mistake names its line`(text: String, why: String) throws {
        let problem = try #require(throws: Problem.self) { try read(text) }
        #expect(problem.kind == .invalid)
        #expect(problem.why.contains(why), "\(problem.why)")
    }

    @Test func `a directory may have underscores for the port's colon`() {
        #expect(
            RegistryHostsFiles.names(of: "r.example:5000")
                == ["r.example:5000", "r.example_5000_"])
        #expect(RegistryHostsFiles.names(of: "r.example") == ["r.example"])
        #expect(RegistryHostsFiles.names(of: "[::1]") == ["[::1]"])
    }
}
