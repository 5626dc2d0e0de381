import Diagnostics
import Fuzz
import OCI
import Testing

@Suite struct JSONPropertyTests {
    @Test(arguments: 0..<200 as Range<UInt64>)
    func `any value survives a round trip in both styles`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let value = randomValue(depth: 6, using: &generator)
        #expect(try JSONValue(json: value.json(), named: "compact") == value)
        #expect(try JSONValue(json: value.json(.indented), named: "indented") == value)
    }

    @Test(arguments: 0..<64 as Range<UInt64>)
    func `a damaged text is read or refused, and what was read can be written`(seed: UInt64) throws
    {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let text = mutated(Array(exampleSpec.utf8), using: &generator)
            if let value = try? JSONValue(json: text, named: "text") {  // refusal is fine
                #expect(try JSONValue(json: value.json(), named: "again") == value)
            }
            if let spec = try? RuntimeSpec(json: text, named: "config.json") {  // refusal is fine
                #expect(try RuntimeSpec(json: spec.json(), named: "again") == spec)
            }
        }
    }
}
