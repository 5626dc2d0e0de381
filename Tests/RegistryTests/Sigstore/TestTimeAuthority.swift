import Crypto
import Foundation
import OCI
import SwiftASN1
import X509

@testable import Registry

/// An authority that says when it has seen a signature (RFC 3161), in bytes that it puts together by
/// itself.
struct TestTimeAuthority {
    let rootDER: [UInt8]
    private let certificate: [UInt8]
    private let key = P256.Signing.PrivateKey()

    init(purpose: ExtendedKeyUsage.Usage? = .timeStamping) throws {
        let rootKey = Certificate.PrivateKey(P256.Signing.PrivateKey())
        func make(
            _ subject: String, _ key: Certificate.PublicKey, _ extensions: Certificate.Extensions
        ) throws -> [UInt8] {
            let certificate = try Certificate(
                version: .v3, serialNumber: .init(), publicKey: key,
                notValidBefore: TestAuthority.date(-86400),
                notValidAfter: TestAuthority.date(86400 * 36500),
                issuer: DistinguishedName { CommonName("times") },
                subject: DistinguishedName { CommonName(subject) },
                signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
                issuerPrivateKey: rootKey)
            var serializer = DER.Serializer()
            try serializer.serialize(certificate)
            return serializer.serializedBytes
        }
        rootDER = try make(
            "times", rootKey.publicKey,
            Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            })
        var own = try Certificate.Extensions { Critical(KeyUsage(digitalSignature: true)) }
        if let purpose {
            try own.append(Certificate.Extension(try ExtendedKeyUsage([purpose]), critical: true))
        }
        certificate = try make("clock", .init(key.publicKey), own)
    }

    /// What the answer about a signature says; the tests change it.
    struct Answer {
        var signature: [UInt8]
        var seconds: Int64
        var status: UInt8 = 0
        /// What is hashed in the place of what is said.
        var otherText: [UInt8]?
        /// The end of the identifier that says that a time is said.
        var type: UInt8 = 4
        var signers = 1
    }

    /// An answer, in DER form.
    func timestamp(_ answer: Answer) throws -> [UInt8] {
        let digits = RFC3339.text(nanosecondsSinceEpoch: answer.seconds * 1_000_000_000)
            .filter(\.isNumber)
        let sha256 = node(0x30, node(0x06, [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]))
        let info = node(
            0x30,
            node(0x02, [1]) + node(0x06, [0x2a, 3, 4])
                + node(
                    0x30, sha256 + node(0x04, Array(SHA256.hash(data: answer.signature))))
                + node(0x02, [5]) + node(0x18, Array("\(digits)Z".utf8)))
        let said = answer.otherText ?? info
        let type = node(
            0x06, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 0x10, 1, answer.type])
        let attributes =
            node(0x30, pkcs(9, 3) + node(0x31, type))
            + node(0x30, pkcs(9, 4) + node(0x31, node(0x04, Array(SHA256.hash(data: said)))))
        let signature = try key.sign(node(0x31, attributes))
        let signer = node(
            0x30,
            node(0x02, [1]) + node(0x30, node(0x30, []) + node(0x02, [7])) + sha256
                + node(0xa0, attributes)
                + node(0x30, node(0x06, [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]))
                + node(0x04, signature))
        let signed = node(
            0x30,
            node(0x02, [3]) + node(0x31, sha256)
                + node(0x30, type + node(0xa0, node(0x04, info))) + node(0xa0, certificate)
                + node(0x31, Array(repeating: signer, count: answer.signers).flatMap(\.self)))
        return node(
            0x30,
            node(0x30, node(0x02, [answer.status]))
                + node(0x30, pkcs(7, 2) + node(0xa0, signed)))
    }

    /// One of PKCS's identifiers.
    private func pkcs(_ part: UInt8, _ number: UInt8) -> [UInt8] {
        node(0x06, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, part, number])
    }

    private func node(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        let length: [UInt8] =
            switch count {
            case ..<128: [UInt8(count)]
            case ..<256: [0x81, UInt8(count)]
            default: [0x82, UInt8(count >> 8), UInt8(count & 0xff)]
            }
        return [tag] + length + content
    }
}

/// A `trusted_root.json` of test authorities.
struct TestTrustedRoot {
    var authorities: [[UInt8]] = []
    var timeAuthorities: [[UInt8]] = []
    var logKeys: [[UInt8]] = []
    /// The member `validFor` of each.
    var authorityPeriod = #"{"start": "2023-11-14T00:00:00Z"}"#
    var timePeriod = #"{"start": "2023-11-14T00:00:00.000Z"}"#
    var logPeriod = #"{"start": "2023-11-14T00:00:00Z", "end": "2023-11-15T00:00:00Z"}"#

    var json: [UInt8] {
        func chain(_ certificates: [[UInt8]], _ period: String) -> String {
            guard !certificates.isEmpty else { return "" }
            let list = certificates.map { #"{"rawBytes": "\#(Base64.encode($0))"}"# }
            return #"{"uri": "https://kade.test", "certChain": {"certificates": ["#
                + list.joined(separator: ", ") + #"]}, "validFor": \#(period)}"#
        }
        let logs = logKeys.map {
            #"{"publicKey": {"rawBytes": "\#(Base64.encode($0))", "validFor": \#(logPeriod)}}"#
        }
        return Array(
            """
            {"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
             "tlogs": [\(logs.joined(separator: ", "))],
             "certificateAuthorities": [\(chain(authorities, authorityPeriod))],
             "timestampAuthorities": [\(chain(timeAuthorities, timePeriod))]}
            """.utf8)
    }
}
