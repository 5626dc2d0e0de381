import Testing

@testable import Registry

@Suite struct ProxySettingsTests {
    private func settings(_ variables: [String: String]) -> ProxySettings {
        ProxySettings { variables[$0] }
    }

    @Test func `each scheme has its own proxy`() throws {
        let proxies = settings([
            "http_proxy": "http://plain:3128", "HTTPS_PROXY": "u:p%40ss@secure:8080",
        ])
        let plain = try #require(proxies.proxy(for: .init(scheme: .http, host: "a.example")))
        #expect(plain == .init(scheme: "http", host: "plain", port: 3128, credentials: nil))
        let secure = try #require(proxies.proxy(for: .init(scheme: .https, host: "a.example")))
        #expect(
            secure == .init(scheme: "http", host: "secure", port: 8080, credentials: "u:p@ss"))
    }

    @Test(arguments: [
        ("example.com", "example.com", true), ("example.com", "sub.example.com", true),
        (".example.com", "sub.example.com", true), ("example.com", "notexample.com", false),
        ("10.0.0.0/8", "10.2.3.4", true), ("10.0.0.0/8", "11.2.3.4", false),
        ("*", "anything", true), ("example.com:5000", "example.com", false),
        ("a, example.com:443", "example.com", true),
    ])
    func `no_proxy lists hosts, domains and networks`(list: String, host: String, direct: Bool) {
        let proxies = settings(["https_proxy": "http://proxy:1", "no_proxy": list])
        #expect((proxies.proxy(for: .init(scheme: .https, host: host)) == nil) == direct)
    }

    @Test(arguments: ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
    func `loopback needs no proxy`(host: String) {
        let proxies = settings(["https_proxy": "http://proxy:1"])
        #expect(proxies.proxy(for: .init(scheme: .https, host: host)) == nil)
    }

    @Test func `other schemes and missing ports are kept as they are`() {
        let proxies = settings(["https_proxy": "socks5://proxy"])
        #expect(
            proxies.https
                == .init(scheme: "socks5", host: "proxy", port: 1080, credentials: nil))
        #expect(settings(["http_proxy": ""]).http == nil)
    }

    @Test func `a CGI client cannot set the proxy`() {
        #expect(settings(["REQUEST_METHOD": "GET", "HTTP_PROXY": "http://evil:1"]).http == nil)
    }
}
