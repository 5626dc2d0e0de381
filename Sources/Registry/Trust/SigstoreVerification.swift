import Diagnostics
import OCI
import Storage

/// Verifies signatures as cosign makes them by a rule of the policy.
struct SigstoreVerification: Sendable {
    private let signer: Signer
    private let logKeys: [SigningKey]

    private enum Signer {
        case keys([SigningKey])
        case fulcio(CertificateTrust)
        case pki(CertificateTrust)
    }

    /// Reads the keys and certificates of a rule.
    ///
    /// - Throws: `.notFound`, `.invalid` or `.unsupported` for one of their files.
    init(_ rule: SigstoreRule) throws(Problem) {
        logKeys = try Self.keys(rule.logKeys)
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
        if case .keys = signer, !logKeys.isEmpty {
            _ = try loggedTime(of: signature, by: key.der)  // that it is in the log is enough
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
            guard let time = try loggedTime(of: signature, by: certificate) else {
                throw Problem.untrusted("the log does not vouch for its time")
            }
            return [try await trust.key(of: signature, at: time)]
        }
    }

    /// When the log that is trusted took the signature; nil where it does not say.
    private func loggedTime(
        of signature: SigstoreSignature, by signer: [UInt8]
    ) throws(Problem) -> Int64? {
        var failure = Problem.untrusted("it has no entry in a log")
        for entry in signature.logEntries {
            do throws(Problem) {
                let entry = try entry.get()
                let time = try entry.verify(by: logKeys)
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
