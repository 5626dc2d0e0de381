import Diagnostics
import OCI

/// A signature that is kept as an image beside the one it is about, as cosign does.
struct AttachedSignature: Sendable {
    /// What is signed.
    var payload: [UInt8]
    /// The signature of it.
    var signature: [UInt8]
}

extension RegistryClient {
    private static let payloadType = MediaType(
        rawValue: "application/vnd.dev.cosign.simplesigning.v1+json")
    private static let signatureArtifact = "application/vnd.dev.cosign.artifact.sig.v1+json"
    private static let annotation = "dev.cosignproject.cosign/signature"
    /// More than a payload has.
    private static let payloadLimitInBytes: Int64 = 1 << 20

    /// The signatures of a manifest: the image of the tag `sha256-HEX.sig`, and referrers.
    func attachedSignatures(
        of digest: Digest, purpose: String
    ) async throws -> [AttachedSignature] {
        var names = [ManifestName.tag("\(digest.algorithm)-\(digest.encoded).sig")]
        for referrer in try await referrers(of: digest, purpose: purpose)
        where referrer.artifactType == Self.signatureArtifact {
            names.append(.digest(referrer.digest))
        }
        var signatures: [AttachedSignature] = []
        for name in names {
            guard let document = try await manifestIfPresent(name, purpose: purpose),
                document.mediaType.isManifest
            else { continue }
            let manifest = try Manifest(json: document.bytes, named: "the signatures \(name)")
            for layer in manifest.layers where layer.mediaType == Self.payloadType {
                guard let text = layer.annotations[Self.annotation],
                    let signature = Base64.decode(text)
                else { continue }
                signatures.append(
                    AttachedSignature(
                        payload: try await payload(layer, purpose: purpose), signature: signature))
            }
        }
        return signatures
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
