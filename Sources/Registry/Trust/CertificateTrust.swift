import Diagnostics
import SwiftASN1
import X509

/// Authorities, and whose certificates of theirs count: `fulcio` and `pki` of a policy.
struct CertificateTrust: Sendable {
    private let authorities: [CertificateAuthority]
    private let intermediates: [Certificate]
    private let owner: Owner

    /// What a certificate has to say of its owner.
    private enum Owner {
        case user(email: String, issuer: String)
        case holder(email: String?, hostname: String?)
    }

    /// Reads Fulcio's authorities.
    ///
    /// - Throws: `.notFound` or `.invalid` for their file.
    init(_ rule: SigstoreRule.Fulcio) throws(Problem) {
        if let root = try TrustedRoot.read(rule.authorities) {
            authorities = root.authorities
        } else {
            authorities = try Self.authorities(of: rule.authorities)
        }
        intermediates = []
        owner = .user(email: rule.email, issuer: rule.issuer)
    }

    /// Reads the authorities of other certificates.
    ///
    /// - Throws: `.notFound` or `.invalid` for their files.
    init(_ rule: SigstoreRule.PKI) throws(Problem) {
        authorities = try Self.authorities(of: rule.roots)
        intermediates = try rule.intermediates.map(Self.certificates) ?? []
        owner = .holder(email: rule.email, hostname: rule.hostname)
    }

    /// The key of a certificate that leads to an authority and names the right owner.
    ///
    /// - Parameters:
    ///   - signature: has the certificate.
    ///   - seconds: when it must have been valid, since 1970; nil is now.
    /// - Returns: the key.
    /// - Throws: `.denied` when it does not count.
    func key(
        of signature: SigstoreSignature, at seconds: Int64?
    ) async throws(Problem) -> SigningKey {
        guard let der = signature.certificate else {
            throw Problem.untrusted("it has no certificate")
        }
        let certificate = try Self.certificate(der)
        var others = intermediates
        for der in signature.chain { others.append(try Self.certificate(der)) }
        let trusted = authorities.filter { seconds.map($0.period.contains) ?? true }
        try await CertificatePath(
            purpose: .codeSigning, hostname: try hostname(in: certificate)
        ).check(
            certificate, roots: trusted.map(\.root), others: others + trusted.flatMap(\.chain),
            at: seconds)
        try checkOwner(of: certificate)
        let key: String
        do {
            key = try certificate.publicKey.serializeAsPEM().pemString
        } catch {
            throw Problem.untrusted("its certificate has no key")
        }
        return try SigningKey(pem: Array(key.utf8), named: "the certificate's key")
    }

    /// The host that the certificate has to be of; it names hosts then, and not only an owner.
    private func hostname(in certificate: Certificate) throws(Problem) -> String? {
        guard case .holder(_, let hostname?) = owner else { return nil }
        let namesHosts = try Self.names(of: certificate).contains {
            if case .dnsName = $0 { true } else { false }
        }
        guard namesHosts else {
            throw Problem.untrusted("its certificate does not name \(hostname)")
        }
        return hostname
    }

    private func checkOwner(of certificate: Certificate) throws(Problem) {
        let wanted: String?
        switch owner {
        case .user(let email, let issuer):
            let found = try Self.issuer(in: certificate)
            guard found == issuer else {
                throw Problem.untrusted("its certificate is of a user of \(found)")
            }
            wanted = email
        case .holder(let email, _): wanted = email
        }
        guard let wanted else { return }
        guard try Self.names(of: certificate).contains(.rfc822Name(wanted)) else {
            throw Problem.untrusted("its certificate does not name \(wanted)")
        }
    }

    private static func names(of certificate: Certificate) throws(Problem) -> [GeneralName] {
        do {
            return Array(try certificate.extensions.subjectAlternativeNames ?? .init())
        } catch {
            throw Problem.untrusted("the names in its certificate cannot be read")
        }
    }

    /// Who told Fulcio who the owner is (Fulcio, oid-info.md): as bytes, and in the newer form.
    private static func issuer(in certificate: Certificate) throws(Problem) -> String {
        let old = certificate.extensions[oid: [1, 3, 6, 1, 4, 1, 57264, 1, 1]].map {
            String(decoding: $0.value, as: UTF8.self)
        }
        var new: String?
        if let value = certificate.extensions[oid: [1, 3, 6, 1, 4, 1, 57264, 1, 8]]?.value {
            do {
                new = String(try ASN1UTF8String(derEncoded: value))
            } catch {
                throw Problem.untrusted("its certificate's issuer cannot be read")
            }
        }
        guard let issuer = new ?? old, old == nil || issuer == old else {
            throw Problem.untrusted("its certificate names no issuer, or two")
        }
        return issuer
    }

    private static func certificate(_ der: [UInt8]) throws(Problem) -> Certificate {
        do {
            return try Certificate(derEncoded: der)
        } catch {
            throw Problem.untrusted("its certificate cannot be read: \(error)")
        }
    }

    private static func authorities(
        of source: SignaturePolicy.TrustedKeys
    ) throws(Problem) -> [CertificateAuthority] {
        try certificates(of: source).map {
            CertificateAuthority(root: $0, chain: [], period: TrustPeriod())
        }
    }

    private static func certificates(
        of source: SignaturePolicy.TrustedKeys
    ) throws(Problem) -> [Certificate] {
        let blocks = PEMText.blocks("CERTIFICATE", in: try source.bytes())
        do {
            if let blocks, !blocks.isEmpty {
                return try blocks.map { try Certificate(derEncoded: $0) }
            }
        } catch {
            throw Problem(
                kind: .invalid, what: "cannot use \(source.name)", why: "\(error)", cause: error)
        }
        throw Problem(
            kind: .invalid, what: "cannot use \(source.name)",
            why: "there are no certificates in PEM form",
            fix: "they begin with -----BEGIN CERTIFICATE-----")
    }
}
