import Diagnostics
import OCI
import Storage

/// Verifies signatures as cosign makes them by a rule of the policy.
struct SigstoreVerification: Sendable {
    private let signer: Signer
    private let logs: [LogKey]
    /// Who may say when a signature was there.
    private let timeAuthorities: [CertificateAuthority]

    private enum Signer {
        case keys([SigningKey])
        case fulcio(CertificateTrust)
        case pki(CertificateTrust)
    }

    /// Reads the keys and certificates of a rule.
    ///
    /// - Throws: `.notFound`, `.invalid` or `.unsupported` for one of their files.
    init(_ rule: SigstoreRule) throws(Problem) {
        var logs: [LogKey] = []
        var timeAuthorities: [CertificateAuthority] = []
        for source in rule.logKeys {
            if let root = try TrustedRoot.read(source) {
                logs += root.logs
                timeAuthorities += root.timeAuthorities
            } else {
                let key = try SigningKey(pem: try source.bytes(), named: source.name)
                logs.append(LogKey(key: key, period: TrustPeriod()))
            }
        }
        self.logs = logs
        self.timeAuthorities = timeAuthorities
        switch rule.signer {
        case .keys(let keys): signer = .keys(try Self.keys(keys))
        case .fulcio(let fulcio): signer = .fulcio(try CertificateTrust(fulcio))
        case .pki(let pki): signer = .pki(try CertificateTrust(pki))
        }
    }

    /// What a signature says, when it is one of those whom the rule trusts.
    ///
    /// - Throws: `.denied` when it is not; `.invalid` when what is signed cannot be read.
    func statement(of signature: SigstoreSignature) async throws(Problem) -> SignedStatement {
        let message = signature.message
        let key = try await keys(for: signature).first {
            $0.isValid(signature.signature, for: message)
        }
        guard let key else { throw Problem.untrusted("it is not signed by a trusted key") }
        if case .keys = signer, !logs.isEmpty {
            // That it is in the log is enough: since when is not asked, nor known of all.
            let seen = await sightings(of: signature).times.first
            _ = try loggedTime(of: signature, by: key.der, seen: seen)
        }
        switch signature.content {
        case .text(let bytes): return try SignedStatement(json: bytes, .cosign)
        case .envelope(let payload, let type):
            guard type == "application/vnd.in-toto+json" else {
                throw Problem.untrusted("it signs a text of the type \(type)")
            }
            return try SignedStatement(inToto: payload)
        case .manifest(let bytes): return SignedStatement(digest: ContentHasher.sha256(bytes))
        }
    }

    /// The keys that may have signed.
    private func keys(for signature: SigstoreSignature) async throws(Problem) -> [SigningKey] {
        switch signer {
        case .keys(let keys): return keys
        case .pki(let trust): return [try await trust.key(of: signature, at: nil)]
        case .fulcio(let trust):
            guard let certificate = signature.certificate else {
                throw Problem.untrusted("it has no certificate")
            }
            let seen = await sightings(of: signature)
            let logged = try loggedTime(of: signature, by: certificate, seen: seen.times.first)
            let times = [logged].compactMap(\.self) + seen.times
            guard !times.isEmpty else {
                throw seen.failure
                    ?? .untrusted("the log does not vouch for its time, and no timestamp does")
            }
            var keys: [SigningKey] = []
            for time in times { keys = [try await trust.key(of: signature, at: time)] }
            return keys
        }
    }

    /// What timestamps say.
    private struct Sightings {
        /// When authorities that are trusted have seen the signature, in seconds since 1970.
        var times: [Int64] = []
        /// Why another one does not count; the log's word may do without it.
        var failure: Problem?
    }

    private func sightings(of signature: SigstoreSignature) async -> Sightings {
        var seen = Sightings()
        guard !timeAuthorities.isEmpty else { return seen }
        for der in signature.timestamps {
            do throws(Problem) {
                seen.times.append(
                    try await TimestampToken(der: der).verify(
                        of: signature.signature, by: timeAuthorities))
            } catch {
                seen.failure = error
            }
        }
        return seen
    }

    /// When the log that is trusted took the signature; nil where it does not say.
    private func loggedTime(
        of signature: SigstoreSignature, by signer: [UInt8], seen: Int64?
    ) throws(Problem) -> Int64? {
        var failure = Problem.untrusted("it has no entry in a log")
        for entry in signature.logEntries {
            do throws(Problem) {
                let entry = try entry.get()
                let time = try entry.verify(by: logs, seen: seen)
                try entry.check(isAbout: signature, by: signer)
                return time
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private static func keys(
        _ sources: [SignaturePolicy.TrustedKeys]
    ) throws(Problem) -> [SigningKey] {
        var keys: [SigningKey] = []
        for source in sources {
            keys.append(try SigningKey(pem: try source.bytes(), named: source.name))
        }
        return keys
    }
}
