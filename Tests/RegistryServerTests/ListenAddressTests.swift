import Diagnostics
import Testing

@testable import RegistryServer

@Suite struct ListenAddressTests {
    @Test(arguments: [
        ("127.0.0.1:5000", ListenAddress.network(host: "127.0.0.1", port: 5000)),
        (":5000", .network(host: "0.0.0.0", port: 5000)),
        ("[::1]:0", .network(host: "::1", port: 0)),
        ("registry.example:443", .network(host: "registry.example", port: 443)),
        ("unix:///run/registry.sock", .socket("/run/registry.sock")),
    ])
    func `addresses are read`(text: String, address: ListenAddress) throws {
        #expect(try ListenAddress(parsing: text) == address)
    }

    @Test(arguments: ["", "127.0.0.1", "::1:5000", "a:b", "a:70000", "unix://relative", "a:-1"])
    func `other texts are refused`(text: String) {
        #expect(throws: Problem.self) { try ListenAddress(parsing: text) }
    }

    @Test func `only loopback and sockets are of this machine alone`() throws {
        for text in ["127.3.2.1:1", "[::1]:1", "localhost:1", "unix:///s"] {
            #expect(try ListenAddress(parsing: text).isLocal, "\(text)")
        }
        for text in [":1", "10.0.0.1:1", "[::]:1"] {
            #expect(try !ListenAddress(parsing: text).isLocal, "\(text)")
        }
    }
}
