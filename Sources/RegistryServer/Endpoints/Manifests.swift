import Diagnostics
import NIOHTTP1
import OCI
import Registry
import Storage

/// `/v2/<name>/manifests/<reference>` (distribution-spec, Pulling manifests and Deleting Manifests).
extension RegistryAPI {
    func manifest(
        _ repository: Repository, _ text: String, _ request: Request, _ body: RequestBody
    ) async throws -> Response {
        let name = try ManifestName(text)
        switch request.method {
        case .PUT: return try await put(name, into: repository, request, body)
        case .DELETE: return try await delete(name, from: repository)
        default: return try await get(name, from: repository)
        }
    }

    private func get(_ name: ManifestName, from repository: Repository) async throws -> Response {
        let contents = try await contents(of: repository)
        guard let descriptor = contents.descriptor(of: name) else {
            throw unknown(name, in: repository)
        }
        let content = content
        let bytes = try await blocking { () throws -> [UInt8]? in
            guard content.contains(descriptor.digest) else { return nil }
            return try content.document(descriptor.digest)
        }
        guard let bytes else { throw unknown(name, in: repository) }
        var response = Response(
            .ok,
            [
                ("Content-Type", descriptor.mediaType.rawValue),
                ("Docker-Content-Digest", "\(descriptor.digest)"),
            ])
        response.body = .bytes(bytes)
        return response
    }

    private func delete(
        _ name: ManifestName, from repository: Repository
    ) async throws -> Response {
        let contents = try await contents(of: repository)
        guard let descriptor = contents.descriptor(of: name) else {
            throw unknown(name, in: repository)
        }
        let references = content.references
        let isDeleted: Bool
        switch name {
        case .tag(let tag):
            isDeleted = try await blocking {
                try references.removeTag(tag, of: repository.own)
            }
        case .digest:
            isDeleted = try await delete(descriptor, from: repository, contents)
        }
        guard isDeleted else {
            let parent = contents.parents[descriptor.digest].map { "the index \($0) names it" }
            throw Refusal(
                .methodNotAllowed, .unsupported,
                "cannot delete \(name) of \(repository.name): "
                    + (parent ?? "it is an image of this machine, which has another name"))
        }
        return Response(.accepted)
    }

    /// Deletes a manifest with its tags, and the blobs that nothing needs then.
    private func delete(
        _ descriptor: Descriptor, from repository: Repository, _ contents: RepositoryContents
    ) async throws -> Bool {
        let (content, repositories, layers) = (content, repositories, layers)
        return try await blocking {
            let candidates = try content.closure(of: descriptor)
            let children = try repositories.facts(of: descriptor)?.children ?? []
            let kept = children.filter {
                content.contains($0.digest) && contents.parents[$0.digest] == descriptor.digest
                    && ($0.mediaType.isIndex || $0.mediaType.isManifest)
            }
            guard
                try content.references.remove(
                    descriptor.digest, from: repository.own, keeping: kept)
            else { return false }
            try content.collectGarbage(among: candidates, layers: layers)
            return true
        }
    }

    private func unknown(_ name: ManifestName, in repository: Repository) -> Refusal {
        Refusal(.notFound, .manifestUnknown, "\(repository.name) has no manifest \(name)")
    }
}

/// What names a manifest in a repository.
enum ManifestName: Sendable, Equatable, CustomStringConvertible {
    case tag(String)
    case digest(Digest)

    /// Reads the last part of a path.
    ///
    /// - Throws: a refusal for what is neither a tag nor a digest.
    init(_ text: String) throws(Refusal) {
        if text.contains(":") {
            do {
                self = .digest(try Digest(parsing: text))
            } catch {
                throw Refusal(.badRequest, .digestInvalid, "\(text): \(error.why)")
            }
        } else {
            guard ReferenceGrammar.isTag(text) else {
                throw Refusal(
                    .badRequest, .manifestInvalid, "\"\(text)\": \(ReferenceGrammar.tagRule)")
            }
            self = .tag(text)
        }
    }

    var description: String {
        switch self {
        case .tag(let tag): tag
        case .digest(let digest): "\(digest)"
        }
    }
}

extension RepositoryContents {
    /// The manifest that a name means.
    func descriptor(of name: ManifestName) -> Descriptor? {
        switch name {
        case .tag(let tag): tags[tag]
        case .digest(let digest): manifests[digest]
        }
    }
}
