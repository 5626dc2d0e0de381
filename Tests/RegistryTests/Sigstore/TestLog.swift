import Crypto
import Foundation
import OCI

@testable import Registry

/// A log of signatures, as Rekor is one.
struct TestLog {
    let key = P256.Signing.PrivateKey()
    /// What signs checkpoints in its place, as in Rekor's second version.
    var checkpointKey: Curve25519.Signing.PrivateKey?
    private let logID = String(repeating: "0a", count: 32)

    /// The entry of a text that is signed (hashedrekord).
    static func body(
        _ text: [UInt8], signature: [UInt8], signer: String, algorithm: String = "sha256"
    ) -> [UInt8] {
        let bytes: [UInt8] =
            switch algorithm {
            case "sha384": Array(SHA384.hash(data: text))
            case "sha512": Array(SHA512.hash(data: text))
            default: Array(SHA256.hash(data: text))
            }
        let hash = bytes.map { String(format: "%02x", $0) }.joined()
        return Array(
            """
            {"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":\
            "\(algorithm)","value":"\(hash)"}},"signature":{"content":"\(Base64.encode(signature))","publicKey":\
            {"content":"\(Base64.encode(Array(signer.utf8)))"}}}}
            """.utf8)
    }

    /// The entry of a payload in an envelope (dsse).
    static func envelopeBody(
        _ payload: [UInt8], signature: [UInt8], signer: String
    ) -> [UInt8] {
        let hash = SHA256.hash(data: payload).map { String(format: "%02x", $0) }.joined()
        return Array(
            """
            {"apiVersion":"0.0.1","kind":"dsse","spec":{"payloadHash":{"algorithm":"sha256","value":\
            "\(hash)"},"signatures":[{"signature":"\(Base64.encode(signature))","verifier":\
            "\(Base64.encode(Array(signer.utf8)))"}]}}
            """.utf8)
    }

    /// What an entry of Rekor's second version says (hashedrekord and dsse 0.0.2).
    struct SecondBody {
        var kind = "hashedrekord"
        var text: [UInt8]
        var signature: [UInt8]
        /// The signer's certificate or key, in DER form, and which of both it is.
        var signer: [UInt8]
        var signerMember = "x509Certificate"
        var algorithm = "SHA2_256"

        var bytes: [UInt8] {
            let hash: [UInt8] =
                switch algorithm {
                case "SHA2_384": Array(SHA384.hash(data: text))
                case "SHA2_512": Array(SHA512.hash(data: text))
                default: Array(SHA256.hash(data: text))
                }
            let digest = #"{"algorithm":"\#(algorithm)","digest":"\#(Base64.encode(hash))"}"#
            let signed =
                #"{"content":"\#(Base64.encode(signature))","verifier":{"keyDetails":"#
                + #""PKIX_ECDSA_P256_SHA_256","\#(signerMember)":"#
                + #"{"rawBytes":"\#(Base64.encode(signer))"}}}"#
            let spec =
                kind == "dsse"
                ? #"{"dsseV002":{"payloadHash":\#(digest),"signatures":[\#(signed)]}}"#
                : #"{"hashedRekordV002":{"data":\#(digest),"signature":\#(signed)}}"#
            return Array(
                #"{"apiVersion":"0.0.2","kind":"\#(kind)","spec":\#(spec)}"#.utf8)
        }
    }

    /// An entry with the log's word for it and its time.
    func promised(_ body: [UInt8], at seconds: Int64) throws -> LogEntry {
        let text =
            #"{"body":"\#(Base64.encode(body))","integratedTime":\#(seconds),"#
            + #""logID":"\#(logID)","logIndex":7}"#
        return LogEntry(
            body: body, timeInSeconds: seconds, index: 7, logID: logID,
            promise: try key.sign(Array(text.utf8)))
    }

    /// An entry with the proof that a tree of so many has it at a place.
    func proven(_ body: [UInt8], at place: Int, of count: Int) throws -> LogEntry {
        var bodies = (0..<count).map { [UInt8(truncatingIfNeeded: $0), 1, 2] }
        bodies[place] = body
        let root = Data(Self.root(bodies[...])).base64EncodedString()
        let text = "log.kade.test - 1\n\(count)\n\(root)\n"
        let signed =
            try checkpointKey.map { Array(try $0.signature(for: Array(text.utf8))) }
            ?? key.sign(Array(text.utf8))
        let signature = Data([1, 2, 3, 4] + signed)
        return LogEntry(
            body: body, timeInSeconds: 0, index: Int64(place), logID: logID,
            proof: InclusionProof(
                index: Int64(place), treeSize: Int64(count),
                hashes: Self.path(to: place, bodies[...]),
                checkpoint: text + "\n\u{2014} log.kade.test \(signature.base64EncodedString())\n"))
    }

    /// The tree's root by its definition (RFC 9162, 2.1.1).
    private static func root(_ bodies: ArraySlice<[UInt8]>) -> [UInt8] {
        guard bodies.count > 1 else {
            return Array(SHA256.hash(data: [0] + (bodies.first ?? [])))
        }
        let middle = bodies.startIndex + split(bodies.count)
        return Array(
            SHA256.hash(data: [1] + root(bodies[..<middle]) + root(bodies[middle...])))
    }

    /// The hashes beside the way to a place by their definition (RFC 9162, 2.1.3.1).
    private static func path(to place: Int, _ bodies: ArraySlice<[UInt8]>) -> [[UInt8]] {
        guard bodies.count > 1 else { return [] }
        let middle = bodies.startIndex + split(bodies.count)
        return place < middle
            ? path(to: place, bodies[..<middle]) + [root(bodies[middle...])]
            : path(to: place, bodies[middle...]) + [root(bodies[..<middle])]
    }

    /// The greatest power of two below a count.
    private static func split(_ count: Int) -> Int {
        var size = 1
        while size * 2 < count { size *= 2 }
        return size
    }
}
