import Crypto
import Diagnostics
import OCI
import SwiftASN1
import X509

/// What an authority for times says: that it has seen a hash at a time (RFC 3161).
struct TimestampToken: Sendable {
    /// When it was, in seconds since 1970; only ``verify(of:by:)`` vouches for it.
    let timeInSeconds: Int64
    /// The hash that was seen.
    private let imprint: [UInt8]
    private let imprintAlgorithm: ASN1ObjectIdentifier
    /// What is signed (RFC 5652, 5.4), and the signature.
    private let attributes: [UInt8]
    private let signature: [UInt8]
    private let algorithm: Certificate.SignatureAlgorithm
    /// Certificates that came along.
    private let certificates: [Certificate]

    /// Reads the answer of an authority (`TimeStampResp`).
    ///
    /// - Throws: `.denied` for an answer that is none, or that does not fit together.
    init(der: [UInt8]) throws(Problem) {
        do {
            self = try Reader.token(of: try DER.parse(der))
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem.untrusted("its timestamp cannot be read: \(error)")
        }
    }

    fileprivate init(
        _ info: TimestampInfo, _ signed: SignedAttributes, _ certificates: [Certificate]
    ) {
        timeInSeconds = info.timeInSeconds
        imprint = info.imprint
        imprintAlgorithm = info.imprintAlgorithm
        attributes = signed.bytes
        signature = signed.signature
        algorithm = signed.algorithm
        self.certificates = certificates
    }

    /// Verifies that an authority that was trusted then has seen a signature.
    ///
    /// - Parameters:
    ///   - bytes: the signature.
    ///   - authorities: the authorities.
    /// - Returns: when it was, in seconds since 1970.
    /// - Throws: `.denied`.
    func verify(
        of bytes: [UInt8], by authorities: [CertificateAuthority]
    ) async throws(Problem) -> Int64 {
        guard Reader.hash(of: bytes, imprintAlgorithm) == imprint else {
            throw Problem.untrusted("its timestamp is of another signature")
        }
        var failure = Problem.untrusted("its timestamp is of no trusted authority")
        for authority in authorities where authority.period.contains(timeInSeconds) {
            let known = authority.chain + certificates
            let signer = known.first {
                $0.publicKey.isValidSignature(
                    signature, for: attributes, signatureAlgorithm: algorithm)
            }
            guard let signer else { continue }
            do throws(Problem) {
                try await CertificatePath(purpose: .timeStamping, hostname: nil).check(
                    signer, roots: [authority.root], others: known, at: timeInSeconds)
                return timeInSeconds
            } catch {
                failure = error
            }
        }
        throw failure
    }
}

/// `TSTInfo`: what the authority says.
private struct TimestampInfo {
    var timeInSeconds: Int64
    var imprint: [UInt8]
    var imprintAlgorithm: ASN1ObjectIdentifier
}

/// What an authority signs: attributes, of which one is the hash of what it says.
private struct SignedAttributes {
    var bytes: [UInt8]
    var signature: [UInt8]
    var algorithm: Certificate.SignatureAlgorithm
}

/// Takes the parts out of each other (RFC 3161, 2.4.2; RFC 5652, 5).
private enum Reader {
    private static let signedData: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 7, 2]
    private static let timestampInfo: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 9, 16, 1, 4]
    private static let contentType: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 9, 3]
    private static let messageDigest: ASN1ObjectIdentifier = [1, 2, 840, 113549, 1, 9, 4]

    private static func tag(_ number: UInt) -> ASN1Identifier {
        ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific)
    }

    static func token(of response: ASN1Node) throws -> TimestampToken {
        let parts = try response.children(.sequence)
        let status = try Int(derEncoded: try parts.at(0).children(.sequence).at(0))
        guard status == 0 || status == 1 else {
            throw Problem.untrusted("the authority refused its timestamp")
        }
        let content = try parts.at(1).children(.sequence)
        guard try ASN1ObjectIdentifier(derEncoded: content.at(0)) == signedData else {
            throw Problem.untrusted("its timestamp is not signed")
        }
        let signed = try content.at(1).children(tag(0)).at(0).children(.sequence)
        // version, digestAlgorithms, encapContentInfo, certificates?, crls?, signerInfos
        let inner = try signed.at(2).children(.sequence)
        guard try ASN1ObjectIdentifier(derEncoded: inner.at(0)) == timestampInfo else {
            throw Problem.untrusted("its timestamp says something else than a time")
        }
        let text = Array(
            try ASN1OctetString(derEncoded: inner.at(1).children(tag(0)).at(0)).bytes)
        var certificates: [Certificate] = []
        var signers: [ASN1Node] = []
        for node in signed.dropFirst(3) {
            if node.identifier == tag(0) {
                // Others than certificates of X.509 have tags of their own.
                for child in try node.children(tag(0)) where child.identifier == .sequence {
                    certificates.append(try Certificate(derEncoded: child))
                }
            } else if node.identifier == .set {
                signers += try node.children(.set)
            }
        }
        guard signers.count == 1 else {
            throw Problem.untrusted("its timestamp is not signed by one authority")
        }
        return TimestampToken(
            try info(text), try signedAttributes(signers[0], about: text), certificates)
    }

    /// Reads what the authority says: version, policy, messageImprint, serialNumber, genTime, ….
    private static func info(_ text: [UInt8]) throws -> TimestampInfo {
        let parts = try DER.parse(text).children(.sequence)
        let imprint = try parts.at(2).children(.sequence)
        let time = try GeneralizedTime(derEncoded: parts.at(4))
        return TimestampInfo(
            timeInSeconds: time.secondsSinceEpoch,
            imprint: Array(try ASN1OctetString(derEncoded: imprint.at(1)).bytes),
            imprintAlgorithm: try algorithm(imprint.at(0)))
    }

    /// Reads a signer: version, sid, digestAlgorithm, signedAttrs, signatureAlgorithm, signature, ….
    private static func signedAttributes(
        _ signer: ASN1Node, about text: [UInt8]
    ) throws -> SignedAttributes {
        let parts = try signer.children(.sequence)
        let digest = try algorithm(parts.at(2))
        let attributes = try parts.at(3)
        var types: [ASN1ObjectIdentifier] = []
        var hashes: [[UInt8]] = []
        for attribute in try attributes.children(tag(0)) {
            let fields = try attribute.children(.sequence)
            switch try ASN1ObjectIdentifier(derEncoded: fields.at(0)) {
            case contentType:
                for value in try fields.at(1).children(.set) {
                    types.append(try ASN1ObjectIdentifier(derEncoded: value))
                }
            case messageDigest:
                for value in try fields.at(1).children(.set) {
                    hashes.append(Array(try ASN1OctetString(derEncoded: value).bytes))
                }
            default: continue
            }
        }
        guard types == [timestampInfo], let wanted = hash(of: text, digest), hashes == [wanted]
        else { throw Problem.untrusted("its timestamp's signature is about something else") }
        // They are signed as the set that they are, and not with the tag of their place.
        let bytes = [0x31] + attributes.encodedBytes.dropFirst()
        let known = try signatureAlgorithm(algorithm(parts.at(4)), digest)
        return SignedAttributes(
            bytes: bytes, signature: Array(try ASN1OctetString(derEncoded: parts.at(5)).bytes),
            algorithm: known)
    }

    /// The identifier of an algorithm without its parameters.
    private static func algorithm(_ node: ASN1Node) throws -> ASN1ObjectIdentifier {
        try ASN1ObjectIdentifier(derEncoded: node.children(.sequence).at(0))
    }

    /// The hash of a text by one of SHA-2's algorithms; nil for others.
    static func hash(of text: [UInt8], _ algorithm: ASN1ObjectIdentifier) -> [UInt8]? {
        switch algorithm {
        case [2, 16, 840, 1, 101, 3, 4, 2, 1]: Array(SHA256.hash(data: text))
        case [2, 16, 840, 1, 101, 3, 4, 2, 2]: Array(SHA384.hash(data: text))
        case [2, 16, 840, 1, 101, 3, 4, 2, 3]: Array(SHA512.hash(data: text))
        default: nil
        }
    }

    private static func signatureAlgorithm(
        _ algorithm: ASN1ObjectIdentifier, _ digest: ASN1ObjectIdentifier
    ) throws -> Certificate.SignatureAlgorithm {
        switch algorithm {
        case [1, 2, 840, 10045, 4, 3, 2]: return .ecdsaWithSHA256
        case [1, 2, 840, 10045, 4, 3, 3]: return .ecdsaWithSHA384
        case [1, 2, 840, 10045, 4, 3, 4]: return .ecdsaWithSHA512
        case [1, 2, 840, 113549, 1, 1, 11]: return .sha256WithRSAEncryption
        case [1, 2, 840, 113549, 1, 1, 12]: return .sha384WithRSAEncryption
        case [1, 2, 840, 113549, 1, 1, 13]: return .sha512WithRSAEncryption
        case [1, 3, 101, 112]: return .ed25519
        case [1, 2, 840, 113549, 1, 1, 1]:  // RSA alone, with the hash that stands beside
            switch digest {
            case [2, 16, 840, 1, 101, 3, 4, 2, 1]: return .sha256WithRSAEncryption
            case [2, 16, 840, 1, 101, 3, 4, 2, 2]: return .sha384WithRSAEncryption
            case [2, 16, 840, 1, 101, 3, 4, 2, 3]: return .sha512WithRSAEncryption
            default: break
            }
        default: break
        }
        throw Problem.untrusted("its timestamp is signed by an unknown algorithm: \(algorithm)")
    }
}

extension ASN1Node {
    /// The parts of a node of a kind.
    fileprivate func children(_ identifier: ASN1Identifier) throws -> [ASN1Node] {
        guard self.identifier == identifier, case .constructed(let nodes) = content else {
            throw Problem.untrusted("its timestamp is not whole")
        }
        return Array(nodes)
    }
}

extension Array where Element == ASN1Node {
    fileprivate func at(_ index: Int) throws -> ASN1Node {
        guard index < count else { throw Problem.untrusted("its timestamp is not whole") }
        return self[index]
    }
}

extension GeneralizedTime {
    /// Seconds since 1970; a fraction counts for nothing.
    fileprivate var secondsSinceEpoch: Int64 {
        let days = RFC3339.daysSinceEpoch(year: year, month: month, day: day)
        return Int64(days) * 86_400 + Int64(hours * 3600 + minutes * 60 + seconds)
    }
}
