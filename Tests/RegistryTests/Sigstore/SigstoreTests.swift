import Crypto
import Diagnostics
import Foundation
import OCI
import Testing
import X509

@testable import Registry

/// `sigstoreSigned` of a policy: whose signatures count.
@Suite struct SigstoreTests {
    private let signer = P256.Signing.PrivateKey()
    private let log = TestLog()
    private let authority: TestAuthority
    private let text: [UInt8]
    private let digest = Digest(sha256: Array(repeating: 7, count: 32))

    init() throws {
        authority = try TestAuthority()
        text = Array(
            """
            {"critical":{"identity":{"docker-reference":"r.example/a"},"image":\
            {"docker-manifest-digest":"\(digest)"},"type":"cosign container image signature"},\
            "optional":null}
            """.utf8)
    }

    /// Why a signature does not count by a rule; nil when it does.
    private func refusal(
        _ signature: SigstoreSignature, _ signer: SigstoreRule.Signer, isLogged: Bool = true
    ) async throws -> String? {
        let verification = try SigstoreVerification(
            SigstoreRule(
                signer: signer, logKeys: isLogged ? [.data(log.key.publicPEM)] : [],
                identity: .matchRepository))
        do throws(Problem) {
            let statement = try await verification.statement(of: signature)
            #expect(statement.digest == digest)
            return nil
        } catch {
            return error.why
        }
    }

    private func signed(
        _ entries: (_ body: [UInt8]) throws -> [LogEntry], certificate: [UInt8]? = nil
    ) throws -> SigstoreSignature {
        let signature = try signer.sign(text)
        let pem =
            certificate?.pem("CERTIFICATE") ?? String(decoding: signer.publicPEM, as: UTF8.self)
        let body = TestLog.body(text, signature: signature, signer: pem)
        return SigstoreSignature(
            content: .text(text), signature: signature, certificate: certificate,
            chain: [authority.intermediate], logEntries: try entries(body).map { .success($0) })
    }

    private var fulcio: SigstoreRule.Signer {
        .fulcio(
            .init(
                authorities: .data(authority.rootPEM), issuer: "https://login.kade.test",
                email: "user@kade.test"))
    }

    // MARK: Keys with a log

    @Test func `a key's signature must be in the log where the policy wants that`() async throws {
        let rule = SigstoreRule.Signer.keys([
            .data(P256.Signing.PrivateKey().publicPEM), .data(signer.publicPEM),
        ])
        let time = TestAuthority.start
        let promised = try signed { [try log.promised($0, at: time)] }
        #expect(try await refusal(promised, rule) == nil)
        #expect(try await refusal(try signed { [try log.proven($0, at: 2, of: 5)] }, rule) == nil)
        let none = try signed { _ in [] }
        #expect(try await refusal(none, rule) == "it has no entry in a log")
        #expect(try await refusal(none, rule, isLogged: false) == nil)
        let bare = try signed {
            [LogEntry(body: $0, timeInSeconds: time, index: 7, logID: "")]
        }
        #expect(try await refusal(bare, rule)?.contains("nothing vouches") == true)
        let foreign = try signed { [try TestLog().promised($0, at: time)] }
        #expect(try await refusal(foreign, rule)?.contains("another log") == true)
        let other = try signed { _ in
            let body = TestLog.body(
                text, signature: try signer.sign(text),
                signer: String(decoding: signer.publicPEM, as: UTF8.self))
            return [try log.promised(body, at: time)]
        }
        #expect(try await refusal(other, rule)?.contains("about another one") == true)
        var changed = promised
        changed.content = .text(text + [10])
        #expect(try await refusal(changed, rule) == "it is not signed by a trusted key")
    }

    @Test(arguments: [
        ("sha256", true), ("sha384", true), ("sha512", true), ("sha1", false), ("", false),
    ])
    func `an entry has the hash that it names`(algorithm: String, counts: Bool) async throws {
        let signature = try signer.sign(text)
        let pem = String(decoding: signer.publicPEM, as: UTF8.self)
        func why(_ text: [UInt8]) async throws -> String? {
            let body = TestLog.body(text, signature: signature, signer: pem, algorithm: algorithm)
            return try await refusal(
                SigstoreSignature(
                    content: .text(self.text), signature: signature, certificate: nil, chain: [],
                    logEntries: [.success(try log.promised(body, at: TestAuthority.start))]),
                .keys([.data(signer.publicPEM)]))
        }
        let other = "its entry in the log is about another one"
        #expect(try await why(text) == (counts ? nil : other))
        #expect(try await why(text + [10]) == other)
    }

    @Test(arguments: 1...9)
    func `a proof holds for its place in the log's tree and no other`(count: Int) throws {
        let key = try SigningKey(pem: log.key.publicPEM, named: "the log's key")
        let keys = [LogKey(key: key, period: TrustPeriod())]
        for place in 0..<count {
            let entry = try log.proven([9, 9, UInt8(place)], at: place, of: count)
            #expect(try entry.verify(by: keys, seen: nil) == nil)
            let proof = try #require(entry.proof)
            for other in -1...count where other != place {
                var moved = entry
                moved.proof?.index = Int64(other)
                #expect(throws: Problem.self, "\(other) for \(place) of \(count)") {
                    try moved.verify(by: keys, seen: nil)
                }
            }
            var wrong: [LogEntry] = Array(repeating: entry, count: 5)
            wrong[0].proof?.hashes.append(Array(repeating: 0, count: 32))
            wrong[1].proof?.treeSize += 1
            wrong[2].body.append(0)
            wrong[3].proof?.checkpoint = proof.checkpoint.replacing("log.kade", with: "gol.kade")
            wrong[4].proof?.checkpoint = String(proof.checkpoint.prefix(20))
            for entry in wrong {
                #expect(throws: Problem.self) { try entry.verify(by: keys, seen: nil) }
            }
        }
    }

    // MARK: Certificates

    @Test func `a certificate of Fulcio counts when the log took the signature`() async throws {
        let start = TestAuthority.start
        let certificate = try authority.certificate(for: signer.publicKey)
        func why(_ time: Int64, _ certificate: [UInt8]) async throws -> String? {
            let signature = try signed(
                { [try log.promised($0, at: time)] }, certificate: certificate)
            return try await refusal(signature, fulcio)
        }
        #expect(try await why(start + 60, certificate) == nil)
        #expect(try await why(start + 601, certificate)?.contains("authority") == true)
        #expect(try await why(start - 1, certificate)?.contains("authority") == true)
        let proven = try signed({ [try log.proven($0, at: 0, of: 1)] }, certificate: certificate)
        #expect(try await refusal(proven, fulcio)?.contains("vouch for its time") == true)
        let keyed = try signed { [try log.promised($0, at: start)] }
        #expect(try await refusal(keyed, fulcio)?.contains("no certificate") == true)
        let stranger = try TestAuthority().certificate(for: signer.publicKey)
        #expect(try await why(start, stranger)?.contains("no trusted authority") == true)
        let other = try authority.certificate(for: P256.Signing.PrivateKey().publicKey)
        #expect(try await why(start, other)?.contains("not signed by") == true)
    }

    @Test func `a certificate of Fulcio names its user and who knows that`() async throws {
        func why(_ change: (inout TestAuthority.Subject) -> Void) async throws -> String? {
            var subject = TestAuthority.Subject()
            change(&subject)
            let certificate = try authority.certificate(for: signer.publicKey, subject)
            let signature = try signed(
                { [try log.promised($0, at: TestAuthority.start)] }, certificate: certificate)
            return try await refusal(signature, fulcio)
        }
        #expect(try await why { _ in } == nil)
        #expect(try await why { $0.issuer = nil } == nil)
        #expect(try await why { $0.olderIssuer = nil } == nil)
        let names: [GeneralName] = [
            .dnsName("user@kade.test"), .rfc822Name("user@kade.tests"),
            .uniformResourceIdentifier("user@kade.test"),
        ]
        #expect(try await why { $0.names = names }?.contains("not name user@kade.test") == true)
        let both = try await why {
            $0.issuer = "https://else.test"
            $0.olderIssuer = "https://else.test"
        }
        #expect(both == "its certificate is of a user of https://else.test")
        #expect(try await why { $0.issuer = "https://else.test" }?.contains("or two") == true)
        let none = try await why {
            $0.issuer = nil
            $0.olderIssuer = nil
        }
        #expect(none?.contains("no issuer") == true)
        #expect(try await why { $0.purpose = .serverAuth }?.contains("signing code") == true)
    }

    @Test func `a certificate of other authorities is valid now and names its holder`()
        async throws
    {
        func why(
            email: String?, hostname: String?, lifeInSeconds: Int64 = 86400 * 36000,
            intermediates: [UInt8]? = nil, hasChain: Bool = true
        ) async throws -> String? {
            var subject = TestAuthority.Subject(lifeInSeconds: lifeInSeconds)
            subject.names += [.dnsName("*.signers.test"), .dnsName("host.test")]
            var signature = try signed(
                { _ in [] },
                certificate: try authority.certificate(for: signer.publicKey, subject))
            if !hasChain { signature.chain = [] }
            return try await refusal(
                signature,
                .pki(
                    .init(
                        roots: .data(authority.rootPEM),
                        intermediates: intermediates.map { .data($0) }, email: email,
                        hostname: hostname)), isLogged: false)
        }
        #expect(try await why(email: "user@kade.test", hostname: nil) == nil)
        #expect(try await why(email: "user@kade.test", hostname: "host.test") == nil)
        #expect(try await why(email: nil, hostname: "a.signers.test") == nil)
        #expect(try await why(email: nil, hostname: "a.b.signers.test") != nil)
        #expect(try await why(email: nil, hostname: "signers.test") != nil)
        #expect(try await why(email: "other@kade.test", hostname: "host.test") != nil)
        #expect(try await why(email: "user@kade.test", hostname: nil, lifeInSeconds: 600) != nil)
        #expect(try await why(email: "user@kade.test", hostname: nil, hasChain: false) != nil)
        #expect(
            try await why(
                email: "user@kade.test", hostname: nil, intermediates: authority.intermediatePEM,
                hasChain: false) == nil)
    }
}
