import Diagnostics
import NIOHTTP1
import OCI
import Registry
import Storage

/// `PUT /v2/<name>/manifests/<reference>` (distribution-spec, Pushing Manifests).
extension RegistryAPI {
    /// The largest manifest, which is what clients have to expect.
    private static let manifestLimitInBytes = 4 << 20
    /// The most tags that one request may set.
    private static let tagLimit = 64

    func put(
        _ name: ManifestName, into repository: Repository, _ request: Request, _ body: RequestBody
    ) async throws -> Response {
        let tags = try tags(of: name, request)
        let tooLarge = Refusal(
            .payloadTooLarge, .sizeInvalid,
            "a manifest has \(Self.manifestLimitInBytes) bytes at most")
        guard request.contentLengthInBytes ?? 0 <= Self.manifestLimitInBytes,
            let bytes = try await body.collect(upToBytes: Self.manifestLimitInBytes)
        else { throw tooLarge }
        let digest = try await blocking { try Self.digest(of: bytes, named: name) }
        let facts = try facts(
            of: bytes, digest, contentType: request.headers.first(name: "Content-Type"))
        try await store(bytes, facts, into: repository, tags: tags)
        var response = Response(
            .created,
            [
                ("Location", "/v2/\(repository.name)/manifests/\(digest)"),
                ("Docker-Content-Digest", "\(digest)"),
            ])
        if let subject = facts.subject {
            response.headers.add(name: "OCI-Subject", value: "\(subject)")
        }
        if case .digest = name {
            for tag in tags { response.headers.add(name: "OCI-Tag", value: tag) }
        }
        return response
    }

    /// The tags that a request sets: the one in its path, or those in its query.
    private func tags(of name: ManifestName, _ request: Request) throws(Refusal) -> [String] {
        guard case .digest = name else { return ["\(name)"] }
        let tags = request.query.all("tag")
        guard tags.count <= Self.tagLimit else {
            throw Refusal(
                .uriTooLong, .unsupported, "a request may set \(Self.tagLimit) tags at most")
        }
        for tag in tags {
            guard case .tag = try ManifestName(tag) else {
                throw Refusal(.badRequest, .manifestInvalid, "\"\(tag)\" is no tag")
            }
        }
        return tags
    }

    private static func digest(of bytes: [UInt8], named name: ManifestName) throws -> Digest {
        guard case .digest(let expected) = name else { return ContentHasher.sha256(bytes) }
        guard expected.isSupported else {
            throw Refusal(.badRequest, .digestInvalid, "\(expected.algorithm) is not supported")
        }
        var hasher = try ContentHasher(verifying: expected)
        bytes.withUnsafeBytes { hasher.update($0) }
        let digest = hasher.digest()
        guard digest == expected else {
            throw Refusal(.badRequest, .digestInvalid, "the manifest has the digest \(digest)")
        }
        return digest
    }

    private func facts(
        of bytes: [UInt8], _ digest: Digest, contentType: String?
    ) throws(Refusal) -> ManifestFacts {
        do {
            let type = try ManifestType.mediaType(
                of: bytes, contentType: contentType, purpose: "cannot take the manifest")
            return try ManifestFacts(
                of: bytes, Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count)))
        } catch {
            throw Refusal(.badRequest, .manifestInvalid, error.why)
        }
    }

    /// Stores a manifest whose parts are here, and gives it its names.
    private func store(
        _ bytes: [UInt8], _ facts: ManifestFacts, into repository: Repository, tags: [String]
    ) async throws {
        let (content, arrivals, repositories) = (content, arrivals, repositories)
        try await blocking {
            // Who sees a part of the registry gets no blob by naming it in a manifest.
            let visible: RepositoryContents? =
                repository.access == .everything
                ? nil : try repositories.contents(of: repository.places)
            func isHere(_ blob: Digest) -> Bool {
                content.contains(blob)
                    && (visible.map { $0.blobs[blob] != nil } ?? true
                        || arrivals.contains(blob, in: repository.name))
            }
            let needed = facts.neededBlobs.map(\.digest)
            let children = facts.children.map(\.digest)
            let lease = SharedLease(try content.lease())
            defer { lease.end() }
            try lease.protect([facts.descriptor.digest] + needed + children)
            // What is here from now on stays.
            if let missing = needed.first(where: { !isHere($0) }) {
                throw Refusal(
                    .notFound, .manifestBlobUnknown, "the blob \(missing) is not here yet")
            }
            try content.store(bytes, as: facts.descriptor.digest)
            let translation =
                try tags.isEmpty
                ? nil
                : content.storeTranslation(
                    of: facts.descriptor, under: lease)
            try content.references.put(
                .init(
                    descriptor: facts.descriptor, translation: translation,
                    children: try repositories.descendants(of: facts)),
                into: repository.own, tags: tags)
            try arrivals.remove(needed, from: repository.name)
        }
    }
}

extension Repositories {
    /// All manifests that an index leads to.
    fileprivate func descendants(of facts: ManifestFacts) throws(Problem) -> Set<Digest> {
        var found: Set<Digest> = []
        var rest = facts.children
        while let child = rest.popLast() {
            guard found.insert(child.digest).inserted else { continue }
            rest += try self.facts(of: child)?.children ?? []
        }
        return found
    }
}
