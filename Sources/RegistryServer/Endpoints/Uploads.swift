import Diagnostics
import NIOHTTP1
import OCI
import Registry
import Storage

/// `/v2/<name>/blobs/uploads/…` (distribution-spec, Pushing blobs).
extension RegistryAPI {
    /// How long a request waits for another one that writes to the same upload, whose connection
    /// may have broken.
    private static let patience = Duration.seconds(30)

    /// `POST`: mounts a blob, takes a whole one, or begins an upload.
    func beginUpload(
        into repository: Repository, _ request: Request, _ body: RequestBody
    ) async throws -> Response {
        if let text = request.query["mount"] {
            let digest = try digest(text)
            if try await mount(digest, into: repository, from: request.query["from"]) {
                return created(digest, in: repository)
            }
        }
        let whole = try request.query["digest"].map { text throws(Refusal) in try digest(text) }
        let session = try await uploads.begin(
            try algorithm(whole?.algorithm ?? request.query["digest-algorithm"] ?? "sha256"))
        guard let whole, request.query["mount"] == nil else {
            return Response(.accepted, headers(of: session, in: repository))
        }
        do {
            _ = try await session.write(body)
        } catch {
            // Nobody knows its name, and so can go on.
            uploads.remove(session)
            try await blocking { try session.discard() }
            throw error
        }
        return try await finish(session, as: whole, in: repository)
    }

    /// Goes on with an upload, asks for it, or ends it.
    func goOn(
        with text: String, into repository: Repository, _ request: Request, _ body: RequestBody
    ) async throws -> Response {
        guard let name = UploadName(text), let session = try await uploads.find(name) else {
            throw Refusal(.notFound, .blobUploadUnknown, "there is no upload \(text)")
        }
        switch request.method {
        case .PATCH:
            try await append(body, to: session, in: repository, request)
            return Response(.accepted, headers(of: session, in: repository))
        case .PUT:
            guard let text = request.query["digest"] else {
                throw Refusal(.badRequest, .digestInvalid, "the parameter digest is missing")
            }
            let digest = try digest(text)
            _ = try algorithm(digest.algorithm)
            // Nothing has been hashed yet: then only once, with the right algorithm.
            if session.offsetInBytes == 0 {
                try await blocking { try session.expect(digest) }
            }
            try await append(body, to: session, in: repository, request)
            return try await finish(session, as: digest, in: repository)
        case .DELETE:
            uploads.remove(session)
            try await blocking { try session.discard() }
            return Response(.noContent)
        default:
            return Response(.noContent, headers(of: session, in: repository))
        }
    }

    /// Takes a blob over that is in another repository, or without one named anywhere.
    private func mount(
        _ digest: Digest, into repository: Repository, from source: String?
    ) async throws -> Bool {
        if let source {
            guard repository.access.allowsPull(from: source) else { return false }
            let places = try repositories.names.places(source, namespace: nil)
            let repositories = repositories
            let isThere = try await blocking {
                try repositories.contents(of: places).blobs[digest] != nil
            }
            guard isThere || arrivals.contains(digest, in: source) else { return false }
        } else if repository.access != .everything {
            return false  // it may be in repositories that the client must not see
        }
        let (arrivals, content) = (arrivals, content)
        return try await blocking {
            try arrivals.add([digest], to: repository.name)
            // What is here now, after it was protected, stays.
            if content.contains(digest) { return true }
            try arrivals.remove([digest], from: repository.name)
            return false
        }
    }

    private func append(
        _ body: RequestBody, to session: UploadSession, in repository: Repository,
        _ request: Request
    ) async throws {
        try await using(session) { session in
            let range = try chunkRange(of: request, for: session, in: repository)
            let count = try await session.write(body)
            if let range, range.sizeInBytes != count {
                uploads.remove(session)
                try await blocking { try session.discard() }
                throw Refusal(
                    .badRequest, .sizeInvalid,
                    "the chunk has \(count) bytes and not those of its Content-Range")
            }
        }
    }

    /// Checks that a chunk follows what is here.
    private func chunkRange(
        of request: Request, for session: UploadSession, in repository: Repository
    ) throws(Refusal) -> ChunkRange? {
        guard let text = request.headers.first(name: "Content-Range") else { return nil }
        guard let range = ChunkRange(text) else {
            throw Refusal(
                .badRequest, .blobUploadInvalid, "the Content-Range \"\(text)\" is not FIRST-LAST")
        }
        guard range.first == session.offsetInBytes else {
            throw Refusal(
                .rangeNotSatisfiable, .blobUploadInvalid,
                "the next chunk begins with byte \(session.offsetInBytes)",
                HTTPHeaders(headers(of: session, in: repository)))
        }
        if let length = request.contentLengthInBytes, length != range.sizeInBytes {
            throw Refusal(
                .badRequest, .sizeInvalid, "the Content-Range \(text) has not \(length) bytes")
        }
        return range
    }

    /// Has an upload for one request.
    private func using(
        _ session: UploadSession, _ body: (UploadSession) async throws -> Void
    ) async throws {
        let deadline = ContinuousClock.now + Self.patience
        while !session.hold() {
            guard ContinuousClock.now < deadline else {
                throw Refusal(
                    .conflict, .blobUploadInvalid, "another request writes to this upload")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        defer { session.release() }
        do {
            try await body(session)
        } catch let problem as Problem {
            uploads.remove(session)  // what was written is on the disk, where it can be found again
            throw problem
        }
    }

    private func finish(
        _ session: UploadSession, as digest: Digest, in repository: Repository
    ) async throws -> Response {
        uploads.remove(session)
        let (content, arrivals) = (content, arrivals)
        do {
            try await blocking {
                try session.finish(as: digest, in: content) { () throws(Problem) in
                    try arrivals.add([digest], to: repository.name)
                }
            }
        } catch let problem as Problem where problem.kind == .corrupt {
            throw Refusal(.badRequest, .digestInvalid, problem.why)
        }
        return created(digest, in: repository)
    }

    private func algorithm(_ text: String) throws(Refusal) -> DigestAlgorithm {
        guard let algorithm = DigestAlgorithm(rawValue: text) else {
            throw Refusal(
                .badRequest, .digestInvalid, "\(text) is not supported: use sha256 or sha512")
        }
        return algorithm
    }

    private func created(_ digest: Digest, in repository: Repository) -> Response {
        Response(
            .created,
            [
                ("Location", "/v2/\(repository.name)/blobs/\(digest)"),
                ("Docker-Content-Digest", "\(digest)"),
            ])
    }

    private func headers(
        of session: UploadSession, in repository: Repository
    ) -> [(String, String)] {
        [
            ("Location", "/v2/\(repository.name)/blobs/uploads/\(session.name)"),
            // Of nothing there is no range; "0-0" is what all registries say then.
            ("Range", "0-\(max(0, session.offsetInBytes - 1))"),
            ("Docker-Upload-UUID", "\(session.name)"),
        ]
    }
}
