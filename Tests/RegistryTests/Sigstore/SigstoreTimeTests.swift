import Crypto
import Diagnostics
import Foundation
import Fuzz
import OCI
import SwiftASN1
import Testing
import X509

@testable import Registry

/// Signatures whose time an authority for times vouches for, in logs that tell none (Rekor's second
/// version), and `trusted_root.json`.
@Suite struct SigstoreTimeTests {
    private let signer = P256.Signing.PrivateKey()
    private let log: TestLog
    private let authority: TestAuthority
    private let clock: TestTimeAuthority
    private let certificate: [UInt8]
    private let text: [UInt8]
    private let start = TestAuthority.start

    init() throws {
        log = TestLog(checkpointKey: Curve25519.Signing.PrivateKey())
        authority = try TestAuthority()
        clock = try TestTimeAuthority()
        certificate = try authority.certificate(for: signer.publicKey)
        text = Array(
            """
            {"critical":{"identity":{"docker-reference":"r.example/a"},"image":\
            {"docker-manifest-digest":"sha256:\(String(repeating: "07", count: 32))"},\
            "type":"cosign container image signature"},"optional":null}
            """.utf8)
    }

    private var root: TestTrustedRoot {
        get throws {
            let ed25519: [UInt8] = [
                0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
            ]
            let key = try #require(log.checkpointKey).publicKey.rawRepresentation
            let own = try #require(PEMText.blocks("CERTIFICATE", in: authority.rootPEM)?.first)
            return TestTrustedRoot(
                authorities: [authority.intermediate, own], timeAuthorities: [clock.rootDER],
                logKeys: [ed25519 + key])
        }
    }

    /// Why a signature does not count by the trusted root; nil when it does.
    private func refusal(
        _ signature: SigstoreSignature, by root: TestTrustedRoot
    ) async throws -> String? {
        let verification = try SigstoreVerification(
            SigstoreRule(
                signer: .fulcio(
                    .init(
                        authorities: .data(root.json), issuer: "https://login.kade.test",
                        email: "user@kade.test")),
                logKeys: [.data(root.json)], identity: .matchRepository))
        do throws(Problem) {
            _ = try await verification.statement(of: signature)
            return nil
        } catch {
            return error.why
        }
    }

    /// The signature, with its entry in the log and answers of the authority for times.
    private func signed(
        _ change: (inout TestLog.SecondBody) -> Void = { _ in },
        seen answers: (_ signature: [UInt8]) throws -> [[UInt8]]
    ) throws -> SigstoreSignature {
        let signature = try signer.sign(text)
        var body = TestLog.SecondBody(text: text, signature: signature, signer: certificate)
        change(&body)
        return SigstoreSignature(
            content: .text(text), signature: signature, certificate: certificate,
            logEntries: [.success(try log.proven(body.bytes, at: 2, of: 5))],
            timestamps: try answers(signature))
    }

    @Test func `a timestamp says when a signature was there where the log does not`() async throws {
        func why(
            _ seconds: Int64, _ root: TestTrustedRoot? = nil, by clock: TestTimeAuthority? = nil,
            _ change: (inout TestTimeAuthority.Answer) -> Void = { _ in }
        ) async throws -> String? {
            let signature = try signed { signature in
                var answer = TestTimeAuthority.Answer(signature: signature, seconds: seconds)
                change(&answer)
                return [try (clock ?? self.clock).timestamp(answer)]
            }
            return try await refusal(signature, by: root ?? self.root)
        }
        #expect(try await why(start) == nil)
        #expect(try await why(start + 599) == nil)
        #expect(try await why(start + 601)?.contains("no trusted authority") == true)
        #expect(try await why(start - 1)?.contains("no trusted authority") == true)
        let none = try await refusal(try signed { _ in [] }, by: root)
        #expect(none?.contains("does not vouch for its time") == true)
        #expect(try await why(start) { $0.signature += [0] }?.contains("another signature") == true)
        #expect(try await why(start) { $0.status = 2 }?.contains("refused") == true)
        #expect(try await why(start) { $0.otherText = [1] }?.contains("something else") == true)
        #expect(try await why(start) { $0.type = 5 }?.contains("something else") == true)
        #expect(try await why(start) { $0.signers = 2 }?.contains("by one authority") == true)
        #expect(try await why(start) { $0.signers = 0 }?.contains("by one authority") == true)
        let stranger = try await why(start, by: TestTimeAuthority())
        #expect(stranger == "its timestamp is of no trusted authority")
        for purpose in [ExtendedKeyUsage.Usage.codeSigning, .any, nil] {
            let other = try TestTimeAuthority(purpose: purpose)
            var root = try root
            root.timeAuthorities = [other.rootDER]
            #expect(try await why(start, root, by: other)?.contains("for signing times") == true)
        }
    }

    @Test func `who was not trusted at the time does not count`() async throws {
        let signature = try signed { signature in
            [try clock.timestamp(.init(signature: signature, seconds: start))]
        }
        #expect(try await refusal(signature, by: root) == nil)
        let over = #"{"start": "2020-01-01T00:00:00Z", "end": "2023-11-14T22:13:19Z"}"#
        var changed = try root
        changed.timePeriod = over
        #expect(try await refusal(signature, by: changed)?.contains("timestamp is of no") == true)
        changed = try root
        changed.authorityPeriod = over
        #expect(try await refusal(signature, by: changed)?.contains("certificate is of no") == true)
        changed = try root
        changed.logPeriod = over
        #expect(try await refusal(signature, by: changed)?.contains("another log") == true)
        changed = try root
        changed.timeAuthorities = []
        #expect(try await refusal(signature, by: changed)?.contains("vouch for its time") == true)
    }

    @Test func `a log's period counts for a key's signature where a time is known`() async throws {
        let signature = try signer.sign(text)
        let body = TestLog.SecondBody(
            text: text, signature: signature,
            signer: Array(signer.publicKey.derRepresentation), signerMember: "publicKey")
        func why(_ timestamps: [[UInt8]], _ root: TestTrustedRoot) async throws -> String? {
            let verification = try SigstoreVerification(
                SigstoreRule(
                    signer: .keys([.data(signer.publicPEM)]),
                    logKeys: [.data(root.json)], identity: .matchRepository))
            let signed = SigstoreSignature(
                content: .text(text), signature: signature, certificate: nil,
                logEntries: [.success(try log.proven(body.bytes, at: 2, of: 5))],
                timestamps: timestamps)
            do throws(Problem) {
                _ = try await verification.statement(of: signed)
                return nil
            } catch {
                return error.why
            }
        }
        let seen = [try clock.timestamp(.init(signature: signature, seconds: start))]
        var over = try root
        over.logPeriod = #"{"start": "2020-01-01T00:00:00Z", "end": "2023-11-14T22:13:19Z"}"#
        #expect(try await why(seen, root) == nil)
        #expect(try await why(seen, over)?.contains("another log") == true)
        #expect(try await why([], over) == nil)
    }

    @Test func `an entry of Rekor's second version is about the signature`() async throws {
        func why(_ change: (inout TestLog.SecondBody) -> Void) async throws -> String? {
            let signature = try signed(change) { signature in
                [try clock.timestamp(.init(signature: signature, seconds: start))]
            }
            return try await refusal(signature, by: root)
        }
        for algorithm in ["SHA2_256", "SHA2_384", "SHA2_512"] {
            #expect(try await why { $0.algorithm = algorithm } == nil)
        }
        let other = "its entry in the log is about another one"
        #expect(try await why { $0.algorithm = "sha256" } == other)
        #expect(try await why { $0.text += [1] } == other)
        #expect(try await why { $0.signature += [1] } == other)
        #expect(try await why { $0.signer += [1] } == other)
        #expect(try await why { $0.signerMember = "key" } == other)
        #expect(try await why { $0.kind = "dsse" }?.contains("unknown kind") == true)
    }

    @Test func `an envelope and a key are in entries of the second version, too`() async throws {
        let payload = Array(
            """
            {"_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha256": "\
            \(String(repeating: "07", count: 32))"}}], "predicateType": \
            "https://sigstore.dev/cosign/sign/v1", "predicate": {}}
            """.utf8)
        var signature = SigstoreSignature(
            content: .envelope(payload: payload, type: "application/vnd.in-toto+json"),
            signature: [])
        signature.signature = try signer.sign(signature.message)
        let verification = try SigstoreVerification(
            SigstoreRule(
                signer: .keys([.data(signer.publicPEM)]), logKeys: [.data(root.json)],
                identity: .matchRepository))
        let key = Array(signer.publicKey.derRepresentation)
        for (kind, text) in [("dsse", payload), ("hashedrekord", signature.message)] {
            let body = TestLog.SecondBody(
                kind: kind, text: text, signature: signature.signature, signer: key,
                signerMember: "publicKey")
            signature.logEntries = [.success(try log.proven(body.bytes, at: 0, of: 1))]
            _ = try await verification.statement(of: signature)
            var wrong = body
            wrong.text += [1]
            signature.logEntries = [.success(try log.proven(wrong.bytes, at: 0, of: 1))]
            let problem = await #expect(throws: Problem.self) {
                try await verification.statement(of: signature)
            }
            #expect(problem?.why == "its entry in the log is about another one")
        }
    }

    @Test func `a bundle brings its timestamps`() throws {
        let bundle = """
            {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial":
             {"timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": "AQI="}]}},
             "messageSignature": {"signature": "AQ=="}}
            """
        let read = try SigstoreBundle.signature(json: Array(bundle.utf8), of: [])
        #expect(read.timestamps == [[1, 2]])
        let damaged = bundle.replacing("AQI=", with: "?")
        let problem = #expect(throws: Problem.self) {
            try SigstoreBundle.signature(json: Array(damaged.utf8), of: [])
        }
        #expect(problem?.why == "its timestamp is not whole")
    }

    // MARK: trusted_root.json

    @Test(arguments: [
        ("version=0.1", "version=9", "no trusted_root.json"),
        (#""publicKey""#, #""key""#, "a log has no key"),
        (#""certificates""#, #""list""#, "has no certificates"),
        (#""rawBytes": "MII"#, #""rawBytes": "?"#, "not in base64"),
        (#""rawBytes": "MII"#, #""rawBytes": "AAAA"#, "cannot be read"),
        ("2023-11-14T00:00:00Z", "yesterday", "is no time"),
    ])
    func `a trusted root with a mistake is an error`(
        part: String, other: String, why: String
    ) throws {
        let json = String(decoding: try root.json, as: UTF8.self)
        _ = try TrustedRoot(json: Array(json.utf8), named: "root.json")
        let damaged = json.replacing(part, with: other)
        try #require(damaged != json)
        let problem = #expect(throws: Problem.self) {
            try TrustedRoot(json: Array(damaged.utf8), named: "root.json")
        }
        #expect(problem?.kind == .invalid)
        #expect(problem?.why.contains(why) == true, "\(problem?.why ?? "")")
    }

    @Test func `keys in PEM form are no trusted root`() throws {
        #expect(try TrustedRoot.read(.data(signer.publicPEM)) == nil)
        #expect(try TrustedRoot.read(.data(Array("\n ".utf8) + root.json)) != nil)
    }

    // MARK: Foreign and damaged answers

    @Test func `an answer of OpenSSL is read and verified`() async throws {
        let token = try TimestampToken(der: try #require(Base64.decode(OpenSSLAnswer.answer)))
        #expect(token.timeInSeconds == 1_796_131_395)
        let root = try Certificate(
            derEncoded: try #require(Base64.decode(OpenSSLAnswer.authority)))
        let authority = CertificateAuthority(root: root, chain: [root], period: TrustPeriod())
        let seen = try await token.verify(of: Array("a signature".utf8), by: [authority])
        #expect(seen == 1_796_131_395)
        await #expect(throws: Problem.self) {
            try await token.verify(of: Array("another one".utf8), by: [authority])
        }
    }

    @Test(arguments: 0..<(2 * fuzzFactor))
    func `damaged answers are refused`(seed: UInt64) throws {
        let whole = try clock.timestamp(.init(signature: [1], seconds: start))
        let openSSL = try #require(Base64.decode(OpenSSLAnswer.answer))
        let marks: [UInt8] = [0x30, 0x80, 0xa0, 0xff]
        let found = complaints(about: [whole, openSSL], seed: seed, marks: marks) {
            bytes throws(Problem) in
            do throws(Problem) {
                _ = try TimestampToken(der: bytes)
            } catch {
                guard error.kind == .denied else {
                    throw Problem(kind: .bug, what: "refused otherwise", why: "\(error)")
                }
                throw error
            }
        }
        #expect(found.isEmpty)
    }
}
