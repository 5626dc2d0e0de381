import Crypto
import Diagnostics
import OCI

/// What Rekor, a log of signatures that all can read, says of one.
struct LogEntry: Sendable {
    /// The entry as the log keeps it.
    var body: [UInt8]
    /// When it came, in seconds since 1970; only the promise vouches for it.
    var timeInSeconds: Int64
    var index: Int64
    /// Which log it is, in lower-case hexadecimal.
    var logID: String
    /// The log's signature of all of this: a "signed entry timestamp".
    var promise: [UInt8]?
    /// That the log holds it.
    var proof: InclusionProof?

    /// Verifies what the log vouches for with.
    ///
    /// A proof alone says that the log holds the entry, and not since when. Where nobody else has seen
    /// the signature, there is no time to hold a log's period against, and each of the keys counts, as
    /// with Sigstore's own clients. That is for signers whose own key says enough: who needs the time,
    /// as a certificate of Fulcio does, does without an entry that has none.
    ///
    /// - Parameters:
    ///   - logs: the keys of logs, of which those count that were trusted at the entry's time, or all
    ///     where that is not known.
    ///   - seen: when the signature is known to have been there, in seconds since 1970; the time of
    ///     an entry for which the log gives none.
    /// - Returns: the time of the entry in seconds since 1970; nil where the log vouches only for its
    ///   presence.
    /// - Throws: `.denied` when nothing vouches for the entry, or is wrong.
    func verify(by logs: [LogKey], seen: Int64?) throws(Problem) -> Int64? {
        guard promise != nil || proof != nil else {
            throw Problem.untrusted("nothing vouches for its entry in the log")
        }
        let time = promise == nil ? seen : timeInSeconds
        let keys = logs.filter { log in time.map(log.period.contains) ?? true }.map(\.key)
        if let promise {
            let text = promisedText
            guard keys.contains(where: { $0.isValid(promise, for: text) }) else {
                throw Problem.untrusted("its entry is of another log")
            }
        }
        try proof?.verify(body, by: keys)
        return promise == nil ? nil : timeInSeconds
    }

    /// Refuses an entry that is about something else.
    ///
    /// - Parameters:
    ///   - signature: what it should be about.
    ///   - signer: the signer's certificate or public key in DER form.
    /// - Throws: `.denied`.
    func check(isAbout signature: SigstoreSignature, by signer: [UInt8]) throws(Problem) {
        let entry = try JSONValue.parse(body, named: "the entry in the log")
        let spec = entry["spec"]
        let kind = entry["kind"]?.string ?? ""
        let version = entry["apiVersion"]?.string ?? ""
        let isAbout: Bool
        switch (kind, version, signature.content) {
        case ("hashedrekord", "0.0.1", _):
            isAbout = hasHash(of: signature, in: spec, by: signer)
        case ("hashedrekord", "0.0.2", _):
            isAbout = hasDigest(of: signature, in: spec?["hashedRekordV002"], by: signer)
        case ("dsse", "0.0.1", .envelope(let payload, _)):
            isAbout = hasEnvelope(payload, signature.signature, in: spec, by: signer)
        case ("dsse", "0.0.2", .envelope(let payload, _)):
            let spec = spec?["dsseV002"]
            isAbout =
                Self.isDigest(spec?["payloadHash"], of: payload)
                && spec?["signatures"]?.array?.contains {
                    Self.isSignature($0, signature.signature, by: signer)
                } == true
        default:
            throw Problem.untrusted(
                "its entry in the log is of an unknown kind: \(kind) \(version)")
        }
        guard isAbout else { throw Problem.untrusted("its entry in the log is about another one") }
    }

    /// What the promise is a signature of: JSON in its canonical form (RFC 8785).
    private var promisedText: [UInt8] {
        var json = JSONWriter(.compact)
        json.beginObject()
        json.member("body", Base64.encode(body))
        json.member("integratedTime", timeInSeconds)
        json.member("logID", logID)
        json.member("logIndex", index)
        json.endObject()
        return json.bytes
    }

    private func hasHash(
        of signature: SigstoreSignature, in spec: JSONValue?, by signer: [UInt8]
    ) -> Bool {
        Self.isHash(spec?["data"]?["hash"], of: signature.message)
            && spec?["signature"]?["content"].flatMap(Self.bytes) == signature.signature
            && spec?["signature"]?["publicKey"]?["content"].flatMap(Self.pem) == signer
    }

    /// The same in the form of Rekor's second version: rekor-tiles, entry.proto.
    private func hasDigest(
        of signature: SigstoreSignature, in spec: JSONValue?, by signer: [UInt8]
    ) -> Bool {
        Self.isDigest(spec?["data"], of: signature.message)
            && spec?["signature"].map {
                Self.isSignature($0, signature.signature, by: signer)
            } == true
    }

    private func hasEnvelope(
        _ payload: [UInt8], _ signature: [UInt8], in spec: JSONValue?, by signer: [UInt8]
    ) -> Bool {
        Self.isHash(spec?["payloadHash"], of: payload)
            && spec?["signatures"]?.array?.contains {
                $0["signature"].flatMap(Self.bytes) == signature
                    && $0["verifier"].flatMap(Self.pem) == signer
            } == true
    }

    /// Whether a text has a hash, by whichever algorithm of SHA-2 that is.
    ///
    /// Signers with keys on P-384 and P-521, and with Ed25519, have longer ones than SHA-256.
    private static func isHash(_ hash: JSONValue?, of text: [UInt8]) -> Bool {
        switch hash?["algorithm"]?.string {
        case "sha256": hash?["value"]?.string == Array(SHA256.hash(data: text)).hexadecimal
        case "sha384": hash?["value"]?.string == Array(SHA384.hash(data: text)).hexadecimal
        case "sha512": hash?["value"]?.string == Array(SHA512.hash(data: text)).hexadecimal
        default: false
        }
    }

    private static func isDigest(_ hash: JSONValue?, of text: [UInt8]) -> Bool {
        let digest = hash?["digest"].flatMap(bytes)
        return switch hash?["algorithm"]?.string {
        case "SHA2_256": digest == Array(SHA256.hash(data: text))
        case "SHA2_384": digest == Array(SHA384.hash(data: text))
        case "SHA2_512": digest == Array(SHA512.hash(data: text))
        default: false
        }
    }

    /// Whether a member is the signature, by the owner of a certificate or key in DER form.
    private static func isSignature(
        _ value: JSONValue, _ signature: [UInt8], by signer: [UInt8]
    ) -> Bool {
        let verifier = value["verifier"]
        let own = verifier?["x509Certificate"] ?? verifier?["publicKey"]
        return value["content"].flatMap(bytes) == signature
            && own?["rawBytes"].flatMap(bytes) == signer
    }

    private static func bytes(_ value: JSONValue) -> [UInt8]? {
        value.string.flatMap(Base64.decode)
    }

    /// The one certificate or public key of a text in PEM form, in base64.
    private static func pem(_ value: JSONValue) -> [UInt8]? {
        guard let text = bytes(value),
            let certificates = PEMText.blocks("CERTIFICATE", in: text),
            let keys = PEMText.blocks("PUBLIC KEY", in: text),
            certificates.count + keys.count == 1
        else { return nil }
        return certificates.first ?? keys.first
    }
}

extension LogEntry {
    /// Reads cosign's annotation `dev.sigstore.cosign/bundle`.
    ///
    /// - Throws: `.denied` for one that is not whole.
    init(annotation text: String) throws(Problem) {
        let root = try JSONValue.parse(Array(text.utf8), named: "the entry in the log")
        let payload = root["Payload"]
        guard let promise = root["SignedEntryTimestamp"].flatMap(Self.bytes),
            let body = payload?["body"].flatMap(Self.bytes),
            let time = payload?["integratedTime"]?.int, let index = payload?["logIndex"]?.int,
            let logID = payload?["logID"]?.string
        else { throw Problem.untrusted("its entry in the log is not whole") }
        self.init(
            body: body, timeInSeconds: Int64(time), index: Int64(index), logID: logID,
            promise: promise)
    }
}

extension Problem {
    /// Why a signature does not count.
    static func untrusted(_ why: String) -> Problem {
        Problem(kind: .denied, what: "cannot use the signature", why: why)
    }
}
