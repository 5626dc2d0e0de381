import Foundation
import OCI
import Testing

/// `image attestations`: what a builder put beside its image.
@Suite(.enabled(if: isRoot)) struct AttestationCommandTests {
    private let site: BuildSite

    init() throws {
        site = try BuildSite("FROM base\nCOPY one /one", context: "echo one > one")
        try site.check("--provenance", "--sbom")
    }

    private func shown(_ flags: String...) throws -> [JSONValue] {
        let outcome = try site.kade.call(["image", "attestations"] + flags)
        #expect(outcome.exitCode == 0, "\(outcome)")
        return try #require(
            try JSONValue.parse(Array(outcome.output.utf8), named: "the output").array)
    }

    @Test func `every statement is listed, and is whole on demand`() throws {
        let types = ["https://slsa.dev/provenance/v0.2", "https://spdx.dev/Document"]
        let list = try shown("made")
        #expect(Set(list.compactMap { $0["PredicateType"]?.string }) == Set(types))
        #expect(list.allSatisfy { $0["Statement"] == nil })
        for one in try shown("--statement", "made") {
            let statement = try #require(one["Statement"])
            #expect(statement["predicateType"] == one["PredicateType"])
            let subject = statement["subject"]?.array?.first?["digest"]?["sha256"]?.string
            #expect(one["Image"]?.string == "sha256:\(subject ?? "")")
        }
        let some = try shown("--type", types[1], "--platform", "linux/amd64", "made")
        #expect(some.map { $0["PredicateType"]?.string } == [types[1]])
    }

    @Test func `an image without any has none, and what is not here is said`() throws {
        #expect(try shown("base").isEmpty)
        let other = try site.kade("image", "attestations", "--platform", "linux/s390x", "made")
        #expect(other.exitCode == 1 && other.errors.contains("--all-platforms"), "\(other)")
        // A pull of one platform leaves them at the registry.
        let registry = try TestRegistry()
        let name = "\(registry.authority)/attested:1"
        try site.kade.check("tag", "made", name)
        try site.kade.check("push", name)
        let elsewhere = try Kade()
        try elsewhere.check("pull", name)
        let missing = try elsewhere("image", "attestations", name)
        #expect(missing.exitCode == 1 && missing.errors.contains("--all-platforms"), "\(missing)")
        try elsewhere.check("pull", "--all-platforms", name)
        #expect(try elsewhere.check("image", "attestations", name).contains("slsa.dev"))
    }
}
