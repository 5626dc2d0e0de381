import Crypto
import Foundation
import OCI
import SwiftASN1
import X509

@testable import Registry

/// An authority that gives certificates for signing, by a second certificate of its own.
struct TestAuthority {
    let rootPEM: [UInt8]
    let intermediatePEM: [UInt8]
    private let key: Certificate.PrivateKey

    /// When the certificates of the tests are valid: ten minutes from here on.
    static let start: Int64 = 1_700_000_000
    private static let name = "intermediate"

    init() throws {
        let rootKey = Certificate.PrivateKey(P384.Signing.PrivateKey())
        key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        func authority(
            _ subject: String, _ key: Certificate.PublicKey
        ) throws -> [UInt8] {
            let certificate = try Certificate(
                version: .v3, serialNumber: .init(), publicKey: key,
                notValidBefore: Self.date(-86400), notValidAfter: Self.date(86400 * 36500),
                issuer: DistinguishedName { CommonName("root") },
                subject: DistinguishedName { CommonName(subject) },
                signatureAlgorithm: .ecdsaWithSHA384,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                    Critical(KeyUsage(keyCertSign: true))
                },
                issuerPrivateKey: rootKey)
            return Array(try certificate.serializeAsPEM().pemString.utf8)
        }
        rootPEM = try authority("root", rootKey.publicKey)
        intermediatePEM = try authority(Self.name, key.publicKey)
    }

    static func date(_ offset: Int64) -> Date {
        Date(timeIntervalSince1970: Double(start + offset))
    }

    /// What is in a certificate.
    struct Subject {
        var names: [GeneralName] = [.rfc822Name("user@kade.test")]
        /// In the newer extension; the older one is made from it, too.
        var issuer: String? = "https://login.kade.test"
        var olderIssuer: String? = "https://login.kade.test"
        var purpose = ExtendedKeyUsage.Usage.codeSigning
        var lifeInSeconds: Int64 = 600
    }

    /// A certificate in DER form.
    func certificate(
        for key: P256.Signing.PublicKey, _ subject: Subject = Subject()
    ) throws -> [UInt8] {
        var extensions = try Certificate.Extensions {
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([subject.purpose])
            Critical(SubjectAlternativeNames(subject.names))
        }
        if let issuer = subject.olderIssuer {
            try extensions.append(
                .init(
                    oid: [1, 3, 6, 1, 4, 1, 57264, 1, 1], critical: false,
                    value: Array(issuer.utf8)[...]))
        }
        if let issuer = subject.issuer {
            var serializer = DER.Serializer()
            try serializer.serialize(ASN1UTF8String(issuer))
            try extensions.append(
                .init(
                    oid: [1, 3, 6, 1, 4, 1, 57264, 1, 8], critical: false,
                    value: serializer.serializedBytes[...]))
        }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key),
            notValidBefore: Self.date(0), notValidAfter: Self.date(subject.lifeInSeconds),
            issuer: DistinguishedName { CommonName(Self.name) },
            subject: DistinguishedName {}, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions, issuerPrivateKey: self.key)
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return serializer.serializedBytes
    }

    var intermediate: [UInt8] { PEMText.blocks("CERTIFICATE", in: intermediatePEM)?.first ?? [] }
}

extension P256.Signing.PrivateKey {
    /// The public key in PEM form.
    var publicPEM: [UInt8] { Array(publicKey.pemRepresentation.utf8) }

    /// A signature in DER form.
    func sign(_ text: [UInt8]) throws -> [UInt8] {
        Array(try signature(for: text).derRepresentation)
    }
}

extension Array where Element == UInt8 {
    /// The text in PEM form.
    func pem(_ label: String) -> String {
        "-----BEGIN \(label)-----\n\(Base64.encode(self))\n-----END \(label)-----\n"
    }
}
