package import Crypto
package import CryptoExtras
package import Diagnostics
import OCI

/// A public key in PEM form (SubjectPublicKeyInfo), as cosign makes them.
package enum SigningKey {
    case p256(P256.Signing.PublicKey)
    case p384(P384.Signing.PublicKey)
    case p521(P521.Signing.PublicKey)
    case ed25519(Curve25519.Signing.PublicKey)
    /// Of 2048 bits at least.
    case rsa(_RSA.Signing.PublicKey)

    /// Reads a key.
    ///
    /// - Throws: `.invalid` when it is not in PEM form; `.unsupported` for a key of another kind.
    package init(pem bytes: [UInt8], named name: String) throws(Problem) {
        guard let der = PEMText.blocks("PUBLIC KEY", in: bytes)?.first else {
            throw Problem(
                kind: .invalid, what: "cannot use \(name)", why: "it is no public key in PEM form",
                fix: "it begins with -----BEGIN PUBLIC KEY-----")
        }
        try self.init(der: der, named: name)
    }

    /// Reads a key in the form of SubjectPublicKeyInfo.
    ///
    /// - Throws: `.unsupported` for a key of another kind.
    init(der: [UInt8], named name: String) throws(Problem) {
        // Each reader refuses keys of the others' curves.
        if let key = try? P256.Signing.PublicKey(derRepresentation: der) {
            self = .p256(key)
        } else if let key = try? P384.Signing.PublicKey(derRepresentation: der) {
            self = .p384(key)
        } else if let key = try? P521.Signing.PublicKey(derRepresentation: der) {
            self = .p521(key)
        } else if der.starts(with: Self.ed25519Prefix),
            let key = try? Curve25519.Signing.PublicKey(
                rawRepresentation: der.dropFirst(Self.ed25519Prefix.count))
        {
            self = .ed25519(key)
        } else if let key = try? _RSA.Signing.PublicKey(derRepresentation: der) {
            self = .rsa(key)
        } else {
            throw Problem(
                kind: .unsupported, what: "cannot use \(name)",
                why: "it is a key of a kind that Kade does not verify with",
                fix: "use ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of at least 2048 bits")
        }
    }

    /// The key in the form of SubjectPublicKeyInfo.
    var der: [UInt8] {
        switch self {
        case .p256(let key): Array(key.derRepresentation)
        case .p384(let key): Array(key.derRepresentation)
        case .p521(let key): Array(key.derRepresentation)
        case .ed25519(let key): Self.ed25519Prefix + Array(key.rawRepresentation)
        case .rsa(let key): Array(key.derRepresentation)
        }
    }

    /// Whether the key signed a text; ECDSA in DER form with SHA-256, or the hash of the curve's
    /// size, and RSA with PKCS #1 v1.5, as cosign has them.
    func isValid(_ signature: [UInt8], for text: [UInt8]) -> Bool {
        let digest = SHA256.hash(data: text)
        switch self {
        case .p256(let key):
            guard let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature)
            else { return false }  // which is no signature at all
            return key.isValidSignature(signature, for: digest)
        case .p384(let key):
            guard let signature = try? P384.Signing.ECDSASignature(derRepresentation: signature)
            else { return false }
            return key.isValidSignature(signature, for: digest)
                || key.isValidSignature(signature, for: SHA384.hash(data: text))
        case .p521(let key):
            guard let signature = try? P521.Signing.ECDSASignature(derRepresentation: signature)
            else { return false }
            return key.isValidSignature(signature, for: digest)
                || key.isValidSignature(signature, for: SHA512.hash(data: text))
        case .ed25519(let key): return key.isValidSignature(signature, for: text)
        case .rsa(let key):
            return key.isValidSignature(
                .init(rawRepresentation: signature), for: digest, padding: .insecurePKCS1v1_5)
        }
    }

    /// SubjectPublicKeyInfo of Ed25519 up to the 32 bytes of the key (RFC 8410).
    private static let ed25519Prefix: [UInt8] = [
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ]
}
