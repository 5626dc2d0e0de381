import Diagnostics
import Fuzz
import OCI
import Testing

@testable import Registry

/// Damaged configurations of registries and answers of servers: understood, or refused in words.
@Suite struct ConfigurationFuzzTests {
    @Test(arguments: 0..<(4 * fuzzFactor))
    func `damaged lists of registries are read or refused`(seed: UInt64) throws {
        let name = try ImageReference(parsing: "r.example/team/app:1")
        let found = complaints(
            about: [Array(Self.registries.utf8)], seed: seed,
            marks: Array("[]{}=\"'#.,\n\\ _-0ex".utf8) + [0xC3]
        ) { bytes throws(Problem) in
            var configuration = RegistriesConfiguration()
            try configuration.read(bytes, named: "registries.conf")
            _ = try configuration.sources(of: name)
        }
        #expect(found.isEmpty)
    }

    @Test(arguments: 0..<(4 * fuzzFactor))
    func `a damaged policy is read or refused`(seed: UInt64) throws {
        let name = try ImageReference(parsing: "r.example/team/app:1")
        let found = complaints(about: [Array(Self.policy.utf8)], seed: seed) {
            bytes throws(Problem) in
            let policy = try SignaturePolicy(json: bytes, named: "policy.json")
            _ = policy.allowsEverything(from: name)
        }
        #expect(found.isEmpty)
    }

    @Test(arguments: 0..<(2 * fuzzFactor))
    func `any challenge is understood or passed over`(seed: UInt64) {
        let header = #"Bearer realm="https://a/t",service="b",scope="c:d:e,f", Basic realm="x""#
        let found = complaints(
            about: [Array(header.utf8)], seed: seed, marks: Array("=\", \\;é".utf8)
        ) { bytes throws(Problem) in
            _ = Challenge.strongest(of: [String(decoding: bytes, as: UTF8.self)])
        }
        #expect(found.isEmpty)
    }

    private static let registries = """
        unqualified-search-registries = ["a.example", 'b.example:5000']
        short-name-mode = "permissive"
        [[registry]]
        prefix = "r.example/team" # a comment
        location = "mirror.example/x"
        insecure = false
        blocked = false
        mirror-by-digest-only = true
        [[registry.mirror]]
        location = "m.example"
        insecure = true
        [aliases]
        "short/name" = "long.example/short/name"
        """
    private static let policy = """
        {"default":[{"type":"reject"}],"transports":{"docker":{"r.example":\
        [{"type":"insecureAcceptAnything"}],"*.internal":[{"type":"signedBy","keyType":"GPGKeys",\
        "keyPath":"/k","signedIdentity":{"type":"matchRepository"}}],"s.example":\
        [{"type":"sigstoreSigned","keyPath":"/p"}]},"oci-archive":{"/srv":[{"type":"reject"}]}}}
        """
}
