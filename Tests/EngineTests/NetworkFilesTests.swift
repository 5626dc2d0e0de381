import Testing

@testable import Engine

@Suite struct NetworkFilesTests {
    @Test func `name servers on the host's loopback stay outside`() {
        let host =
            "# comment\nnameserver 127.0.0.53\nnameserver 9.9.9.9\nsearch a b\noptions edns0\n"
        #expect(
            NetworkFiles.resolver(
                host: host, request: NetworkRequest(), asking: .network, networks: [])
                == "nameserver 9.9.9.9\nsearch a b\noptions edns0\n")
        #expect(
            NetworkFiles.resolver(
                host: host, request: NetworkRequest(), asking: .host, networks: []
            )
            .hasPrefix("nameserver 127.0.0.53\n"))
        var request = NetworkRequest()
        request.nameServers = ["1.1.1.1"]
        request.searchDomains = ["."]
        #expect(
            NetworkFiles.resolver(host: host, request: request, asking: .network, networks: [])
                == "nameserver 1.1.1.1\noptions edns0\n")
    }

    @Test func `a network with names has a name server of its own`() {
        var request = NetworkRequest()
        let host = "nameserver 9.9.9.9\nsearch a\noptions edns0\n"
        #expect(
            NetworkFiles.resolver(host: host, request: request, asking: .containers, networks: [])
                == "nameserver 127.0.0.11\nsearch a\noptions edns0 ndots:0\n")
        request.nameServers = ["1.1.1.1"]
        request.resolverOptions = ["ndots:2"]
        #expect(
            NetworkFiles.resolver(host: host, request: request, asking: .containers, networks: [])
                == "nameserver 127.0.0.11\nsearch a\noptions ndots:2\n")
    }

    @Test func `hosts have the container's own name and those that were added`() {
        let others = NetworkFiles.extra(
            ["a:1.2.3.4", "b=[::1]", "c:2001:db8::1", "d:host-gateway"],
            gateways: ["10.9.0.1", "fd00::1"])
        let text = NetworkFiles.hosts(
            hostname: "web", domainName: "example.org", addresses: [], others: others ?? [])
        #expect(text.hasPrefix("127.0.0.1\tlocalhost\n"))
        #expect(text.contains("\tweb.example.org web\n"))
        #expect(
            text.hasSuffix(
                "1.2.3.4\ta\n::1\tb\n2001:db8::1\tc\n10.9.0.1\td\nfd00::1\td\n"))
        #expect(NetworkFiles.extra(["d:host-gateway"], gateways: []) == nil)
    }

    @Test func `the own name stands for the addresses on networks`() {
        let text = NetworkFiles.hosts(
            hostname: "web", domainName: nil, addresses: ["172.17.0.2", "fd00::2"], others: [])
        #expect(text.hasSuffix("172.17.0.2\tweb\nfd00::2\tweb\n"))
    }
}
