import Diagnostics
import OCI

/// Signatures that are kept as images beside the one that they are about, as cosign does.
extension RegistryClient {
    private static let payloadType = MediaType(
        rawValue: "application/vnd.dev.cosign.simplesigning.v1+json")
    private static let signatureArtifact = "application/vnd.dev.cosign.artifact.sig.v1+json"
    /// More than a payload or a bundle has.
    private static let payloadLimitInBytes: Int64 = 1 << 20

    /// The signatures of a manifest: the image of the tag `sha256-HEX.sig`, and referrers.
    ///
    /// - Returns: what each holds, or why it cannot be read.
    func attachedSignatures(
        of manifest: ManifestDocument, purpose: String
    ) async throws -> [Result<SigstoreSignature, Problem>] {
        let digest = manifest.digest
        let tag = ManifestName.tag("\(digest.algorithm)-\(digest.encoded).sig")
        var signatures = try await signatures(in: tag, purpose: purpose)
        for referrer in try await referrers(of: digest, purpose: purpose) {
            let name = ManifestName.digest(referrer.digest)
            switch referrer.artifactType {
            case Self.signatureArtifact?:
                signatures += try await self.signatures(in: name, purpose: purpose)
            case SigstoreBundle.mediaType.rawValue?:
                signatures += try await bundles(in: name, of: manifest, purpose: purpose)
            default: continue
            }
        }
        return signatures
    }

    /// What an image of signatures by cosign holds.
    private func signatures(
        in name: ManifestName, purpose: String
    ) async throws -> [Result<SigstoreSignature, Problem>] {
        var signatures: [Result<SigstoreSignature, Problem>] = []
        for layer in try await layers(of: name, Self.payloadType, purpose: purpose) {
            let payload = try await payload(layer, purpose: purpose)
            signatures.append(
                Result { () throws(Problem) in
                    try SigstoreSignature(payload: payload, annotations: layer.annotations)
                })
        }
        return signatures
    }

    /// The bundles that an artifact holds.
    private func bundles(
        in name: ManifestName, of manifest: ManifestDocument, purpose: String
    ) async throws -> [Result<SigstoreSignature, Problem>] {
        var signatures: [Result<SigstoreSignature, Problem>] = []
        for layer in try await layers(of: name, SigstoreBundle.mediaType, purpose: purpose) {
            let text = try await payload(layer, purpose: purpose)
            signatures.append(
                Result { () throws(Problem) in
                    try SigstoreBundle.signature(json: text, of: manifest.bytes)
                })
        }
        return signatures
    }

    private func layers(
        of name: ManifestName, _ type: MediaType, purpose: String
    ) async throws -> [Descriptor] {
        guard let document = try await manifestIfPresent(name, purpose: purpose),
            document.mediaType.isManifest
        else { return [] }
        return try Manifest(json: document.bytes, named: "the signatures \(name)").layers
            .filter { $0.mediaType == type }
    }

    /// A manifest, or nil when the registry does not have it.
    func manifestIfPresent(
        _ name: ManifestName, purpose: String
    ) async throws -> ManifestDocument? {
        do {
            return try await manifest(name, purpose: purpose)
        } catch let problem as Problem where problem.kind == .notFound {
            return nil
        }
    }

    private func payload(_ descriptor: Descriptor, purpose: String) async throws -> [UInt8] {
        guard descriptor.size <= Self.payloadLimitInBytes else {
            throw Problem(
                kind: .invalid, what: purpose,
                why: "a signature signs \(descriptor.size) bytes, more than any does")
        }
        return try await smallBlob(descriptor, purpose: purpose)
    }
}
