import Diagnostics
import OCI
import SwiftASN1
import X509

/// What an instance of Sigstore is trusted by: its `trusted_root.json` (protobuf-specs,
/// sigstore_trustroot.proto), which clients of TUF fetch and verify.
///
/// A policy may name it wherever it names authorities of Fulcio or keys of Rekor.
struct TrustedRoot: Sendable {
    /// Who gives certificates to signers.
    private(set) var authorities: [CertificateAuthority] = []
    /// Who says when a signature was there.
    private(set) var timeAuthorities: [CertificateAuthority] = []
    /// The logs of signatures.
    private(set) var logs: [LogKey] = []

    private static let mediaTypes = [
        "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "application/vnd.dev.sigstore.trustedroot.v0.2+json",
    ]

    /// Reads a file that a policy names.
    ///
    /// - Returns: nil for a file that is no JSON, and so may be in PEM form.
    /// - Throws: `.notFound` without the file; `.invalid` for another or a damaged text.
    static func read(_ source: SignaturePolicy.TrustedKeys) throws(Problem) -> TrustedRoot? {
        let bytes = try source.bytes()
        guard bytes.first(where: { ![9, 10, 13, 32].contains($0) }) == UInt8(ascii: "{") else {
            return nil
        }
        return try TrustedRoot(json: bytes, named: source.name)
    }

    /// Reads the text.
    ///
    /// - Throws: `.invalid` for another or a damaged one, `.unsupported` for keys of unknown kinds.
    init(json bytes: [UInt8], named file: String) throws(Problem) {
        let root = try JSONValue.parse(bytes, named: file)
        guard let type = root["mediaType"]?.string, Self.mediaTypes.contains(type) else {
            throw Self.mistake(file, "it is no trusted_root.json of Sigstore")
        }
        for log in root["tlogs"]?.array ?? [] {
            guard let key = log["publicKey"], let der = key["rawBytes"]?.string,
                let der = Base64.decode(der)
            else { throw Self.mistake(file, "a log has no key") }
            logs.append(
                LogKey(
                    key: try SigningKey(der: der, named: file), period: try Self.period(key, file)))
        }
        authorities = try Self.authorities(root["certificateAuthorities"], file)
        timeAuthorities = try Self.authorities(root["timestampAuthorities"], file)
    }

    private static func authorities(
        _ list: JSONValue?, _ file: String
    ) throws(Problem) -> [CertificateAuthority] {
        try (list?.array ?? []).map { value throws(Problem) in
            var chain: [Certificate] = []
            for element in value["certChain"]?["certificates"]?.array ?? [] {
                guard let text = element["rawBytes"]?.string, let der = Base64.decode(text) else {
                    throw mistake(file, "an authority's certificate is not in base64")
                }
                do {
                    chain.append(try Certificate(derEncoded: der))
                } catch {
                    throw mistake(file, "an authority's certificate cannot be read: \(error)")
                }
            }
            guard let root = chain.last else {
                throw mistake(file, "an authority has no certificates")
            }
            return CertificateAuthority(
                root: root, chain: chain, period: try period(value, file))
        }
    }

    /// The member `validFor`: RFC 3339's times, of which each may be missing.
    private static func period(_ value: JSONValue, _ file: String) throws(Problem) -> TrustPeriod {
        func seconds(_ name: String) throws(Problem) -> Int64? {
            guard let member = value["validFor"]?[name], member != .null else { return nil }
            guard let text = member.string, let time = RFC3339.nanosecondsSinceEpoch(text) else {
                throw mistake(file, "\"\(name)\" of a period is no time")
            }
            return time / 1_000_000_000
        }
        return TrustPeriod(start: try seconds("start"), end: try seconds("end"))
    }

    private static func mistake(_ file: String, _ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot use \(file)", why: why,
            fix: "fetch it again: cosign trusted-root create, or cosign initialize")
    }
}

/// When somebody was trusted, in seconds since 1970; nil is without a bound.
struct TrustPeriod: Sendable, Equatable {
    var start: Int64?
    var end: Int64?

    func contains(_ seconds: Int64) -> Bool {
        start.map { $0 <= seconds } ?? true && end.map { seconds <= $0 } ?? true
    }
}

/// Somebody who gives certificates.
struct CertificateAuthority: Sendable {
    /// Where chains end.
    var root: Certificate
    /// Certificates that may lead there, and the root.
    var chain: [Certificate]
    var period: TrustPeriod
}

/// A log's key.
struct LogKey: Sendable {
    var key: SigningKey
    var period: TrustPeriod
}
