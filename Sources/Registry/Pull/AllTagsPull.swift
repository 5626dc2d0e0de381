package import Diagnostics
package import OCI

/// Brings all tags of a repository into the store, one after the other (`pull --all-tags`).
package struct AllTagsPull: Sendable {
    private let repository: ImageReference
    private let settings: RegistrySettings

    /// - Parameters:
    ///   - repository: a reference without tag and digest.
    ///   - settings: how to reach registries.
    /// - Throws: `.invalid` when the reference names one image.
    package init(_ repository: ImageReference, settings: RegistrySettings) throws(Problem) {
        guard repository.tag == nil, repository.digest == nil else {
            throw Problem(
                kind: .invalid, what: "cannot pull all tags of \(repository)",
                why: "tag can't be used with --all-tags/-a", fix: "leave the tag out")
        }
        self.repository = repository
        self.settings = settings
    }

    /// The references of all tags.
    ///
    /// - Throws: `.notFound` when there is none; a `Problem` also when the task is cancelled.
    package func references() async throws(Problem) -> [ImageReference] {
        let purpose = "cannot pull all tags of \(repository)"
        let client = RegistryClient(
            try settings.endpoint(of: repository, for: .resolve), access: .pull,
            settings: settings)
        let result: Result<[String], any Error>
        do {
            result = .success(try await client.tags(purpose: purpose))
        } catch {
            result = .failure(error)
        }
        await client.shutDown()
        let tags = try explained(purpose, goingOn: ImagePull.goingOn) { try result.get() }
        guard !tags.isEmpty else {
            throw Problem(
                kind: .notFound, what: purpose, why: "the repository has no tags",
                fix: "name another repository")
        }
        var references: [ImageReference] = []
        for tag in tags { references.append(try ImageReference(parsing: "\(repository):\(tag)")) }
        return references
    }
}
