import Crypto
import Diagnostics
import Foundation
import Fuzz
import OCI
import Storage
import Testing

@testable import Registry

/// Sigstore's bundles v0.3, as cosign attaches them.
@Suite struct SigstoreBundleTests {
    private static let type = "application/vnd.in-toto+json"
    private static let manifest = Array("{\"schemaVersion\": 2}".utf8)
    private static let digest = ContentHasher.sha256(manifest)

    private let signer = P256.Signing.PrivateKey()
    private let log = TestLog()

    private static func payload(
        predicate: String = "https://sigstore.dev/cosign/sign/v1", name: String? = nil
    ) -> [UInt8] {
        let name = name.map { "\"name\": \"\($0)\", " } ?? ""
        return Array(
            """
            {"_type": "https://in-toto.io/Statement/v1", "subject": [{\(name)"digest":
             {"sha256": "\(digest.encoded)"}}], "predicateType": "\(predicate)", "predicate": {}}
            """.utf8)
    }

    private func bundle(_ content: String, entry: String = "") -> [UInt8] {
        Array(
            """
            {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
             "verificationMaterial": {"publicKey": {"hint": "x"}, "tlogEntries": [\(entry)]},
             \(content)}
            """.utf8)
    }

    private func envelope(_ payload: [UInt8], _ signature: [UInt8]) -> String {
        """
        "dsseEnvelope": {"payload": "\(Base64.encode(payload))", "payloadType": "\(Self.type)",
         "signatures": [{"sig": "\(Base64.encode(signature))", "keyid": ""}]}
        """
    }

    private func signature(of payload: [UInt8]) throws -> [UInt8] {
        try signer.sign(Array("DSSEv1 28 \(Self.type) \(payload.count) ".utf8) + payload)
    }

    private func statement(
        _ json: [UInt8], isLogged: Bool = false
    ) async throws -> SignedStatement {
        let rule = SigstoreRule(
            signer: .keys([.data(signer.publicPEM)]),
            logKeys: isLogged ? [.data(log.key.publicPEM)] : [], identity: .matchRepository)
        return try await SigstoreVerification(rule).statement(
            of: try SigstoreBundle.signature(json: json, of: Self.manifest))
    }

    @Test func `an envelope says that an image is signed`() async throws {
        let payload = Self.payload()
        let good = bundle(envelope(payload, try signature(of: payload)))
        let statement = try await statement(good)
        #expect(statement.digest == Self.digest)
        #expect(statement.reference == nil)
        let named = Self.payload(name: "r.example/a:1")
        let second = try await self.statement(
            bundle(envelope(named, try signature(of: named))))
        #expect(second.reference == "r.example/a:1")
        await #expect(throws: Problem.self) {
            try await self.statement(bundle(envelope(named, try signature(of: payload))))
        }
        let listed = Self.payload(predicate: "https://spdx.dev/Document")
        let problem = await #expect(throws: Problem.self) {
            try await self.statement(bundle(envelope(listed, try signature(of: listed))))
        }
        #expect(problem?.why.contains("something else") == true)
    }

    @Test func `a message's signature is the manifest's`() async throws {
        let text = "\"messageSignature\": {\"signature\": \"%\"}"
        let good = Base64.encode(try signer.sign(Self.manifest))
        let statement = try await statement(bundle(text.replacing("%", with: good)))
        #expect(statement == SignedStatement(digest: Self.digest))
        let other = Base64.encode(try signer.sign(Self.manifest + [10]))
        await #expect(throws: Problem.self) {
            try await self.statement(bundle(text.replacing("%", with: other)))
        }
    }

    @Test func `a bundle's entry in the log is verified`() async throws {
        let payload = Self.payload()
        let signature = try signature(of: payload)
        let pem = String(decoding: signer.publicPEM, as: UTF8.self)
        let body = TestLog.envelopeBody(payload, signature: signature, signer: pem)
        let good = bundle(
            envelope(payload, signature), entry: try json(log.proven(body, at: 3, of: 6)))
        #expect(try await statement(good, isLogged: true).digest == Self.digest)
        let foreign = bundle(
            envelope(payload, signature), entry: try json(TestLog().proven(body, at: 3, of: 6)))
        await #expect(throws: Problem.self) { try await statement(foreign, isLogged: true) }
        let about = TestLog.envelopeBody(payload + [10], signature: signature, signer: pem)
        let other = bundle(
            envelope(payload, signature), entry: try json(log.proven(about, at: 3, of: 6)))
        let problem = await #expect(throws: Problem.self) {
            try await statement(other, isLogged: true)
        }
        #expect(problem?.why.contains("about another one") == true)
    }

    /// An entry with a proof as bundles have it.
    private func json(_ entry: LogEntry) throws -> String {
        let proof = try #require(entry.proof)
        let hashes = proof.hashes.map { "\"\(Base64.encode($0))\"" }.joined(separator: ", ")
        return """
            {"logIndex": "7", "logId": {"keyId": "AAAA"}, "canonicalizedBody":
             "\(Base64.encode(entry.body))", "inclusionProof": {"logIndex": "\(proof.index)",
             "treeSize": "\(proof.treeSize)", "hashes": [\(hashes)], "checkpoint":
             {"envelope": "\(proof.checkpoint.replacing("\n", with: "\\n"))"}}}
            """
    }

    @Test func `what has no name is accepted for any image of the repository alone`() throws {
        let wanted = try ImageReference(parsing: "r.example/a:1")
        #expect(SignedIdentity.matchRepository.accepts(signed: nil, for: wanted))
        for identity in [
            SignedIdentity.matchExact, .matchRepoDigestOrExact, .exactReference(wanted),
            .exactRepository(wanted),
            .remapIdentity(prefix: "r.example", signedPrefix: "s.example"),
        ] {
            #expect(!identity.accepts(signed: nil, for: wanted))
        }
    }

    @Test(arguments: 0..<(2 * fuzzFactor))
    func `damaged bundles are refused in words or verify as before`(seed: UInt64) async throws {
        let payload = Self.payload()
        let signature = try signature(of: payload)
        let body = TestLog.envelopeBody(
            payload, signature: signature, signer: String(decoding: signer.publicPEM, as: UTF8.self)
        )
        let whole = bundle(
            envelope(payload, signature), entry: try json(log.proven(body, at: 3, of: 6)))
        let keys = [try SigningKey(pem: log.key.publicPEM, named: "the log's key")]
        let found = complaints(about: [whole], seed: seed) { bytes throws(Problem) in
            let signature = try SigstoreBundle.signature(json: bytes, of: Self.manifest)
            for entry in signature.logEntries { _ = try entry.get().verify(by: keys) }
        }
        #expect(found.isEmpty)
    }
}
