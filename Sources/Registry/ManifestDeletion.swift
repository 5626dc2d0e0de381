package import Diagnostics
package import OCI

/// Deletes a tag of a registry, or a manifest with all its tags (distribution-spec, Content
/// Management).
package struct ManifestDeletion: Sendable {
    private let reference: ImageReference
    /// Whether the manifest goes that a tag stands for, and not the tag alone.
    private let takesManifest: Bool
    private let client: RegistryClient

    /// - Parameters:
    ///   - reference: what to delete, with a tag or a digest.
    ///   - takesManifest: whether the manifest goes that a tag stands for.
    ///   - settings: how to reach registries.
    /// - Throws: `.denied` when the registry is blocked.
    package init(
        _ reference: ImageReference, takesManifest: Bool, settings: RegistrySettings
    ) throws(Problem) {
        precondition(reference.tag != nil || reference.digest != nil, "nothing to delete")
        self.reference = reference
        self.takesManifest = takesManifest
        client = RegistryClient(
            try settings.endpoint(of: reference, for: .push), access: .delete, settings: settings)
    }

    /// What went.
    package enum Outcome: Sendable, Equatable {
        case tag(ImageReference)
        case manifest(ImageReference)
    }

    /// Deletes it.
    ///
    /// - Returns: what the registry has no more.
    /// - Throws: a `Problem`, also when the task is cancelled.
    package func run() async throws(Problem) -> Outcome {
        let purpose = "cannot delete \(reference)"
        let result: Result<Outcome, any Error>
        do {
            result = .success(try await delete(purpose))
        } catch {
            result = .failure(error)
        }
        await client.shutDown()
        return try explained(purpose, goingOn: "delete it again") { try result.get() }
    }

    private func delete(_ purpose: String) async throws -> Outcome {
        if let digest = reference.digest {
            let document = try await client.manifestIfPresent(.digest(digest), purpose: purpose)
            return try await delete(digest, document, purpose)
        }
        let tag = ManifestName.tag(reference.tag ?? "")
        guard takesManifest else {
            try await send(tag, purpose)
            return .tag(reference)
        }
        let document = try await client.namedManifest(tag, purpose: purpose)
        return try await delete(document.digest, document, purpose)
    }

    /// Deletes a manifest, and takes it from the list of what is about its subject, which a registry
    /// that does not list referrers leaves to its clients.
    private func delete(
        _ digest: Digest, _ document: ManifestDocument?, _ purpose: String
    ) async throws -> Outcome {
        try await send(.digest(digest), purpose)
        if let document, document.mediaType.isManifest,
            let subject = try Manifest(json: document.bytes, named: "the manifest").subject
        {
            try await client.removeFromFallback(
                digest, subject: subject.digest,
                purpose: "cannot take \(digest), which is deleted, from what is about its subject")
        }
        return .manifest(reference.with(digest: digest))
    }

    private func send(_ name: ManifestName, _ purpose: String) async throws {
        guard let refusal = try await client.delete(name, purpose: purpose) else { return }
        var tag: String?
        if case .tag(let name) = name { tag = name }
        let problem = refusal.problem(
            deleting: reference, tag: tag, what: purpose, registry: client.registry)
        throw problem.kind == .notFound
            ? await client.withTags(problem, missing: name) : problem
    }
}

extension RegistryRefusal {
    /// The refusal to delete something, as an error.
    ///
    /// - Parameters:
    ///   - reference: what was named.
    ///   - tag: the tag that should go; nil where it is the manifest.
    ///   - what: what could not be done.
    ///   - registry: who refuses.
    /// - Returns: the error.
    package func problem(
        deleting reference: ImageReference, tag: String?, what: String, registry: String
    ) -> Problem {
        var problem = problem(what: what, registry: registry)
        switch status {
        case 401, 403:
            problem.fix = "log in as somebody who may delete there: kade login \(registry)"
        case 400 where tag != nil:
            // Who knows no deletion of tags takes the tag for a digest, and a wrong one.
            problem.kind = .unsupported
            problem.fix = Self.asManifest(reference)
        case 405, 501:
            problem.kind = .unsupported
            problem.fix =
                (tag == nil ? "delete first what names it" : Self.asManifest(reference))
                + ", or have the registry allow deletions "
                + "(docker-registry: REGISTRY_STORAGE_DELETE_ENABLED=true; "
                + "kade registry serve: without --read-only)"
        default: break
        }
        return problem
    }

    private static func asManifest(_ reference: ImageReference) -> String {
        "delete the manifest with all its tags: kade registry rm --manifest \(reference.familiar)"
    }
}
