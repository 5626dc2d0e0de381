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

    /// A bundle of an envelope, whose entry the log has.
    private func loggedBundle() throws -> [UInt8] {
        let payload = Self.payload()
        let signature = try signature(of: payload)
        let pem = String(decoding: signer.publicPEM, as: UTF8.self)
        let body = TestLog.envelopeBody(payload, signature: signature, signer: pem)
        return bundle(
            envelope(payload, signature), entry: try json(log.proven(body, at: 3, of: 6)))
    }

    @Test(arguments: [
        ("bundle.v0.3", "bundle.v0.4", "it is no bundle v0.3"),
        ("\"mediaType\"", "\"type\"", "it is no bundle v0.3"),
        ("\"payload\": \"", "\"payload\": \"?", "its envelope is not whole"),
        ("\"payloadType\"", "\"type\"", "its envelope is not whole"),
        ("\"signatures\": [", "\"signatures\": [{}, ", "its envelope is not whole"),
        ("\"sig\": \"", "\"sig\": \"?", "its envelope is not whole"),
        ("\"dsseEnvelope\"", "\"envelope\"", "the bundle has no signature"),
        ("\"publicKey\"", "\"certificate\"", "its certificate is not whole"),
        ("\"tlogEntries\"", "\"entries\"", "it has no entry in a log"),
        ("\"keyId\"", "\"key\"", "its entry in the log is not whole"),
        ("\"canonicalizedBody\"", "\"body\"", "its entry in the log is not whole"),
        ("\"treeSize\": \"6", "\"treeSize\": \"x", "the log's proof of its entry is not whole"),
        ("\"envelope\": \"log", "\"text\": \"log", "the log's proof of its entry is not whole"),
        ("\"hashes\": [", "\"hashes\": [1, ", "the log's proof of its entry is not whole"),
        ("\"inclusionProof\"", "\"proof\"", "nothing vouches for its entry in the log"),
    ])
    func `a bundle that lacks something is refused for that`(
        part: String, other: String, why: String
    ) async throws {
        let whole = String(decoding: try loggedBundle(), as: UTF8.self)
        #expect(try await statement(Array(whole.utf8), isLogged: true).digest == Self.digest)
        let damaged = whole.replacing(part, with: other, maxReplacements: 1)
        try #require(damaged != whole)
        let problem = await #expect(throws: Problem.self) {
            try await self.statement(Array(damaged.utf8), isLogged: true)
        }
        #expect(problem?.kind == .denied)
        #expect(problem?.why == why)
    }

    @Test(arguments: 0..<(2 * fuzzFactor))
    func `damaged bundles are refused, or say what was signed`(seed: UInt64) throws {
        let whole = try loggedBundle()
        let signed = try SigstoreBundle.signature(json: whole, of: Self.manifest).message
        let logKey = try SigningKey(pem: log.key.publicPEM, named: "the log's key")
        let logs = [LogKey(key: logKey, period: TrustPeriod())]
        let key = try SigningKey(pem: signer.publicPEM, named: "the signer's key")
        let found = complaints(about: [whole], seed: seed) { bytes throws(Problem) in
            do throws(Problem) {
                let signature = try SigstoreBundle.signature(json: bytes, of: Self.manifest)
                guard key.isValid(signature.signature, for: signature.message),
                    let entry = signature.logEntries.first
                else { throw Problem.untrusted("it is not signed, or not in the log") }
                _ = try entry.get().verify(by: logs, seen: nil)
                try entry.get().check(isAbout: signature, by: key.der)
                guard signature.message == signed else {
                    throw Problem(kind: .bug, what: "accepted", why: "it says something else")
                }
            } catch {
                // Nothing but a text that is no JSON, and what cannot be trusted.
                guard [.denied, .invalid, .bug].contains(error.kind) else {
                    throw Problem(kind: .bug, what: "refused otherwise", why: "\(error)")
                }
                throw error
            }
        }
        #expect(found.isEmpty)
    }
}
