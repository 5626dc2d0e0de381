/// What a requirement of the type `sigstoreSigned` wants (containers-policy.json(5)).
struct SigstoreRule: Sendable, Equatable {
    var signer: Signer
    /// Public keys of Rekor, one of which must vouch that the signature is in its log; none: no log.
    var logKeys: [SignaturePolicy.TrustedKeys]
    var identity: SignedIdentity

    /// Who must have signed.
    enum Signer: Sendable, Equatable {
        /// One of these keys.
        case keys([SignaturePolicy.TrustedKeys])
        case fulcio(Fulcio)
        case pki(PKI)
    }

    /// Somebody whom Fulcio gave a certificate for some minutes, within which Rekor logged the
    /// signature.
    struct Fulcio: Sendable, Equatable {
        /// Certificates.
        var authorities: SignaturePolicy.TrustedKeys
        /// Who told Fulcio who it was: a URL.
        var issuer: String
        /// Who it was.
        var email: String
    }

    /// Somebody with a certificate of other authorities, which is valid now.
    struct PKI: Sendable, Equatable {
        /// Certificates that are trusted.
        var roots: SignaturePolicy.TrustedKeys
        /// Certificates that lead to them.
        var intermediates: SignaturePolicy.TrustedKeys?
        /// What the certificate has to name, of which there is one at least.
        var email: String?
        var hostname: String?
    }
}
