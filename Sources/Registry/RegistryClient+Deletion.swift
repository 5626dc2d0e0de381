import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import OCI
import Storage

extension RegistryClient {
    /// Deletes a tag, or a manifest with all its tags (end-9).
    ///
    /// - Returns: what the registry says when it does not; nil when it is deleted.
    func delete(_ name: ManifestName, purpose: String) async throws -> RegistryRefusal? {
        let response = try await send(
            RegistryRequest(
                method: .DELETE, place: .resource("manifests/\(name)"),
                accepted: [400, 401, 403, 404, 405, 501], purpose: purpose))
        let refusal = await response.refusal()
        return (200..<300).contains(response.status.code) ? nil : refusal
    }

    /// Takes a deleted manifest from the list under its subject's tag, of a registry that does not
    /// keep the list itself.
    func removeFromFallback(
        _ referrer: Digest, subject: Digest, purpose: String
    ) async throws {
        guard try await !listsReferrers(of: subject, purpose: purpose),
            var index = try await fallbackIndex(of: subject, purpose: purpose)
        else { return }
        let count = index.manifests.count
        index.manifests.removeAll { $0.digest == referrer }
        guard index.manifests.count < count else { return }
        try await putFallback(index, subject: subject, purpose: purpose)
    }
}
