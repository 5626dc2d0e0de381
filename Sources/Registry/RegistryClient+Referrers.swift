import AsyncHTTPClient
import Diagnostics
import NIOCore
import NIOHTTP1
import OCI
import Storage

/// What is about a manifest: signatures, bills of materials (distribution-spec, Listing Referrers).
extension RegistryClient {
    private static let referrersLimitInBytes = 8 << 20
    private static let pageLimit = 100

    /// The manifests whose subject is a manifest (end-12a), of registries that do not list them those
    /// of the tag `sha256-HEX`.
    func referrers(of digest: Digest, purpose: String) async throws -> [Descriptor] {
        var found: [Descriptor] = []
        var query = ""
        for _ in 0..<Self.pageLimit {
            let response = try await askForReferrers(of: digest, query: query, purpose: purpose)
            guard response.status == .ok else {
                _ = await response.refusal()
                let index = try await fallbackIndex(of: digest, purpose: purpose)
                return index?.manifests ?? []
            }
            let body = try await response.body.collect(upTo: Self.referrersLimitInBytes)
            let index = try ImageIndex(
                json: Array(body.readableBytesView), named: "the list of referrers")
            found += index.manifests
            let next = NextPage.query(ofLinks: response.headers["Link"]).map { "?\($0)" }
            guard let next, next != query else { return found }
            query = next
        }
        return found
    }

    /// Lists a manifest under its subject's tag, for a registry that does not do it itself.
    func addToFallback(
        _ referrer: ManifestDocument, subject: Digest, purpose: String
    ) async throws {
        let manifest = try Manifest(json: referrer.bytes, named: "the manifest")
        var descriptor = referrer.descriptor
        descriptor.artifactType = manifest.artifactType ?? manifest.config.mediaType.rawValue
        descriptor.annotations = manifest.annotations
        var index =
            try await fallbackIndex(of: subject, purpose: purpose)
            ?? ImageIndex(schemaVersion: 2, mediaType: .index)
        guard !index.manifests.contains(where: { $0.digest == descriptor.digest }) else { return }
        index.manifests.append(descriptor)
        try await putFallback(index, subject: subject, purpose: purpose)
    }

    /// Whether the registry lists itself what is about a manifest.
    func listsReferrers(of digest: Digest, purpose: String) async throws -> Bool {
        let response = try await askForReferrers(of: digest, query: "", purpose: purpose)
        _ = await response.refusal()
        return response.status == .ok
    }

    private func askForReferrers(
        of digest: Digest, query: String, purpose: String
    ) async throws -> HTTPClientResponse {
        try await send(
            RegistryRequest(
                method: .GET, place: .resource("referrers/\(digest)\(query)"),
                headers: [("Accept", MediaType.index.rawValue)],
                accepted: [400, 404, 405, 501], purpose: purpose))
    }

    /// Puts the list under its subject's tag.
    func putFallback(_ index: ImageIndex, subject: Digest, purpose: String) async throws {
        let bytes = index.json()
        try await put(
            ManifestDocument(
                bytes: bytes, mediaType: .index, digest: ContentHasher.sha256(bytes)),
            as: .tag(Self.fallbackTag(of: subject)), purpose: purpose)
    }

    /// The list under a subject's tag; nil where there is none.
    func fallbackIndex(of digest: Digest, purpose: String) async throws -> ImageIndex? {
        let tag = Self.fallbackTag(of: digest)
        guard let document = try await manifestIfPresent(.tag(tag), purpose: purpose),
            document.mediaType.isIndex
        else { return nil }
        return try ImageIndex(json: document.bytes, named: "the list of referrers \(tag)")
    }

    /// "sha256-HEX"; a tag has 128 characters at most.
    private static func fallbackTag(of digest: Digest) -> String {
        "\(digest.algorithm.prefix(32))-\(digest.encoded.prefix(64))"
    }
}
