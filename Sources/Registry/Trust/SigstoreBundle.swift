import Diagnostics
import OCI

/// A signature with all that is needed to verify it, in one text: sigstore's bundle v0.3
/// (protobuf-specs, sigstore_bundle.proto).
enum SigstoreBundle {
    /// The type of the text, and of the artifact that holds it.
    static let mediaType = MediaType(rawValue: "application/vnd.dev.sigstore.bundle.v0.3+json")

    /// Reads a bundle.
    ///
    /// - Parameters:
    ///   - bytes: the text.
    ///   - manifest: what a signature without an envelope is about.
    /// - Returns: the signature with what vouches for it.
    /// - Throws: `.invalid` for a text that is none; `.denied` for one that is not whole.
    static func signature(
        json bytes: [UInt8], of manifest: [UInt8]
    ) throws(Problem) -> SigstoreSignature {
        let root = try JSONValue.parse(bytes, named: "the bundle")
        guard root["mediaType"]?.string == mediaType.rawValue else {
            throw Problem.untrusted("it is no bundle v0.3")
        }
        var signature = try content(of: root, manifest)
        let material = root["verificationMaterial"]
        if let certificate = material?["certificate"] {
            guard let der = certificate["rawBytes"].flatMap(Self.bytes) else {
                throw Problem.untrusted("its certificate is not whole")
            }
            signature.certificate = der
        }
        for entry in material?["tlogEntries"]?.array ?? [] {
            signature.logEntries.append(
                Result { () throws(Problem) in try logEntry(entry) })
        }
        let times = material?["timestampVerificationData"]?["rfc3161Timestamps"]?.array ?? []
        for time in times {
            guard let der = time["signedTimestamp"].flatMap(Self.bytes) else {
                throw Problem.untrusted("its timestamp is not whole")
            }
            signature.timestamps.append(der)
        }
        return signature
    }

    private static func content(
        of root: JSONValue, _ manifest: [UInt8]
    ) throws(Problem) -> SigstoreSignature {
        if let envelope = root["dsseEnvelope"] {
            guard let payload = envelope["payload"].flatMap(Self.bytes),
                let type = envelope["payloadType"]?.string,
                let signatures = envelope["signatures"]?.array, signatures.count == 1,
                let signature = signatures[0]["sig"].flatMap(Self.bytes)
            else { throw Problem.untrusted("its envelope is not whole") }
            return SigstoreSignature(
                content: .envelope(payload: payload, type: type), signature: signature)
        }
        guard let signature = root["messageSignature"]?["signature"].flatMap(Self.bytes) else {
            throw Problem.untrusted("the bundle has no signature")
        }
        return SigstoreSignature(content: .manifest(manifest), signature: signature)
    }

    private static func logEntry(_ value: JSONValue) throws(Problem) -> LogEntry {
        guard let body = value["canonicalizedBody"].flatMap(Self.bytes),
            let logID = value["logId"]?["keyId"].flatMap(Self.bytes)
        else { throw Problem.untrusted("its entry in the log is not whole") }
        var entry = LogEntry(
            body: body, timeInSeconds: value["integratedTime"].flatMap(Self.integer) ?? 0,
            index: value["logIndex"].flatMap(Self.integer) ?? 0, logID: logID.hexadecimal)
        if let promise = value["inclusionPromise"] {
            entry.promise = promise["signedEntryTimestamp"].flatMap(Self.bytes) ?? []
        }
        if let proof = value["inclusionProof"] { entry.proof = try self.proof(proof) }
        return entry
    }

    private static func proof(_ value: JSONValue) throws(Problem) -> InclusionProof {
        let hashes = value["hashes"]?.array ?? []
        let decoded = hashes.compactMap(Self.bytes)
        guard let treeSize = value["treeSize"].flatMap(Self.integer),
            let checkpoint = value["checkpoint"]?["envelope"]?.string,
            decoded.count == hashes.count
        else { throw Problem.untrusted("the log's proof of its entry is not whole") }
        return InclusionProof(
            index: value["logIndex"].flatMap(Self.integer) ?? 0,  // 0 may be left out
            treeSize: treeSize, hashes: decoded, checkpoint: checkpoint)
    }

    private static func bytes(_ value: JSONValue) -> [UInt8]? {
        value.string.flatMap(Base64.decode)
    }

    /// Integers of 64 bits are texts in this kind of JSON; numbers are allowed.
    private static func integer(_ value: JSONValue) -> Int64? {
        value.string.flatMap { Int64($0) } ?? value.int.map { Int64($0) }
    }
}
