package import Diagnostics
package import OCI
package import Storage

/// Fetches a manifest or index, for lists that name it and for people who look at it.
package struct ManifestFetch: Sendable {
    private let reference: ImageReference
    private let client: RegistryClient

    /// - Parameters:
    ///   - reference: what to fetch.
    ///   - settings: how to reach registries.
    /// - Throws: `.denied` when the registry is blocked.
    package init(_ reference: ImageReference, settings: RegistrySettings) throws(Problem) {
        self.reference = reference.withDefaultTag
        client = RegistryClient(
            try settings.endpoint(of: reference, for: .resolve), access: .pull, settings: settings)
    }

    /// A manifest or index.
    package struct Found: Sendable {
        package var text: [UInt8]
        package var mediaType: MediaType
        package var digest: Digest
    }

    /// Fetches it.
    ///
    /// - Parameter store: gets it, and of a manifest the configuration; layers stay where they are,
    ///   and the store remembers the repository that has them.
    /// - Returns: the text.
    /// - Throws: a `Problem`, also when the task is cancelled.
    package func run(storingIn store: ContentStore?) async throws(Problem) -> Found {
        let purpose = "cannot fetch the manifest of \(reference)"
        let result: Result<Found, any Error>
        do {
            result = .success(try await fetch(store, purpose))
        } catch {
            result = .failure(error)
        }
        await client.shutDown()
        return try explained(purpose, goingOn: "try again") { try result.get() }
    }

    private func fetch(_ store: ContentStore?, _ purpose: String) async throws -> Found {
        let name = reference.digest.map(ManifestName.digest) ?? .tag(reference.tag ?? "latest")
        let document = try await client.namedManifest(name, purpose: purpose)
        if let store {
            if document.mediaType.isManifest {
                let manifest = try Manifest(json: document.bytes, named: "the manifest")
                let text = try await client.smallBlob(manifest.config, purpose: purpose)
                try await blocking { try store.store(text, as: manifest.config.digest) }
            }
            try await blocking {
                try store.store(document.bytes, as: document.digest)
                store.remember(source: reference.repository, of: document.digest)
            }
        }
        return Found(
            text: document.bytes, mediaType: document.mediaType, digest: document.digest)
    }
}
