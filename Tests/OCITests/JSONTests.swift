import Diagnostics
import OCI
import Testing

@Suite struct JSONTests {
    @Test func `a spec is read and written`() throws {
        let text = #"{"ociVersion":"1.3.0","process":{"args":["sh"],"cwd":"/"},"x":[1,{}]}"#
        let spec = try RuntimeSpec(json: Array(text.utf8), named: "config.json")
        #expect(spec.process?.args == ["sh"])
        #expect(spec.unknownFields["x"] == [1, [:]])
    }
}
