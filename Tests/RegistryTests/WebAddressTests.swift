import Testing

@testable import Registry

@Suite struct WebAddressTests {
    @Test(arguments: [
        ("https://registry.example/v2/", "https://registry.example/v2/"),
        ("HTTP://localhost:5000", "http://localhost:5000/"),
        ("http://user:secret@proxy:3128/x?y=1#part", "http://proxy:3128/x?y=1"),
        ("https://[::1]:5000/v2/", "https://[::1]:5000/v2/"),
        ("https://host:443/a", "https://host/a"),
        ("https://host?q", "https://host/?q"),
    ])
    func `an address is read and written`(text: String, expected: String) {
        #expect(WebAddress(text)?.description == expected)
    }

    @Test(arguments: ["ftp://host/", "host:5000", "https://", "http://host:99999/", "http://[::1"])
    func `anything else is no address`(text: String) {
        #expect(WebAddress(text) == nil)
    }

    @Test func `a socket is no text's address, and what it says leads nowhere else`() throws {
        let socket = WebAddress(socket: "/run/a b.sock", target: "/images/get?names=a")
        #expect(socket.description == "http+unix://%2Frun%2Fa%20b.sock/images/get?names=a")
        #expect(socket.authority == "/run/a b.sock")
        #expect(WebAddress(socket.description) == nil)
        #expect(WebAddress("https://host/")?.resolving(socket.description) == nil)
        #expect(socket.resolving("/other")?.socket == "/run/a b.sock")
        let away = try #require(socket.resolving("http://localhost/"))
        #expect(away.socket == nil)
        #expect(!socket.hasSameOrigin(as: away))
    }

    @Test(arguments: [
        ("https://cdn.example/blob?sig=1", "https://cdn.example/blob?sig=1"),
        ("//cdn.example/blob", "http://cdn.example/blob"),
        ("/other", "http://host:5000/other"),
        ("sibling", "http://host:5000/v2/a/sibling"),
        ("?n=2", "http://host:5000/v2/a/b?n=2"),
    ])
    func `a location is seen from the request's address`(location: String, expected: String) {
        let base = WebAddress("http://host:5000/v2/a/b?n=1")
        #expect(base?.resolving(location)?.description == expected)
    }

    @Test func `an origin is scheme, host and port`() throws {
        let base = try #require(WebAddress("https://Host/v2/"))
        #expect(WebAddress("https://host:443/x").map(base.hasSameOrigin) == true)
        #expect(WebAddress("https://host:444/x").map(base.hasSameOrigin) == false)
        #expect(WebAddress("http://host/x").map(base.hasSameOrigin) == false)
        #expect(WebAddress("https://host.evil/x").map(base.hasSameOrigin) == false)
    }

    @Test func `a query's value is escaped`() {
        #expect("repository:a/b:pull é".escapedForQuery == "repository%3Aa%2Fb%3Apull%20%C3%A9")
    }
}
