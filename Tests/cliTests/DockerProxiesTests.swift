import Diagnostics
import Testing

@testable import cli

@Suite struct DockerProxiesTests {
    private func variables(_ text: String) throws -> [String: String] {
        try DockerProxies.variables(in: Array(text.utf8), named: "config.json")
    }

    @Test func `each proxy is a variable in upper and in lower case`() throws {
        #expect(
            try variables(
                #"{"proxies": {"default": {"httpProxy": "http://p:1", "noProxy": "a,b", "#
                    + #""ftpProxy": ""}, "tcp://h:1": {"httpsProxy": "x"}}}"#) == [
                    "HTTP_PROXY": "http://p:1", "http_proxy": "http://p:1", "NO_PROXY": "a,b",
                    "no_proxy": "a,b",
                ])
    }

    @Test(arguments: ["{}", #"{"proxies": {}}"#, #"{"proxies": {"default": {}}}"#])
    func `a file without any says nothing`(text: String) throws {
        #expect(try variables(text).isEmpty)
    }

    @Test func `what is no JSON is an error`() {
        #expect(throws: Problem.self) { try variables("{") }
    }
}
