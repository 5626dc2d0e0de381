import AsyncHTTPClient
import Diagnostics
import NIOCore
import NIOHTTP1
import OCI

/// An upload that a registry has begun to receive (distribution-spec, Pushing a blob in chunks).
struct UploadSession: Sendable, Equatable {
    /// Where the next request goes; every answer names a new one.
    var location: WebAddress
    /// How many bytes the registry has.
    var offsetInBytes: Int64
    /// The least that a chunk but the last may have (OCI-Chunk-Min-Length).
    var shortestChunkInBytes: Int64
}

/// What came of the wish to take a blob over from another repository.
enum MountAnswer: Sendable {
    /// The registry did.
    case mounted
    /// It did not, and has begun an upload instead.
    case began(UploadSession)
    /// It does not let this user look there.
    case refused
}

extension RegistryClient {
    /// Whether the repository has a blob (end-2, HEAD).
    func hasBlob(_ digest: Digest, purpose: String) async throws -> Bool {
        let response = try await send(
            RegistryRequest(
                method: .HEAD, place: .resource("blobs/\(digest)"), accepted: [404],
                purpose: purpose))
        return response.status != .notFound
    }

    /// Asks for a blob of another repository of this registry (end-11).
    ///
    /// The right to read there is asked for by a token of its own: some token servers give none at
    /// all when one of the rights is not to be had.
    func mount(
        _ digest: Digest, from source: String, purpose: String
    ) async throws -> MountAnswer {
        let client = mountingClient(from: source)
        let query = "mount=\("\(digest)".escapedForQuery)&from=\(source.escapedForQuery)"
        let response: HTTPClientResponse
        do {
            response = try await client.send(
                RegistryRequest(
                    method: .POST, place: .resource("blobs/uploads/?\(query)"), purpose: purpose))
        } catch let problem as Problem where problem.kind != .unavailable {
            return .refused
        }
        guard response.status != .created else { return .mounted }
        return .began(try await client.session(begunBy: response, purpose: purpose))
    }

    /// Begins an upload (end-4a).
    func beginUpload(purpose: String) async throws -> UploadSession {
        let response = try await send(
            RegistryRequest(method: .POST, place: .resource("blobs/uploads/"), purpose: purpose))
        return try await session(begunBy: response, purpose: purpose)
    }

    /// How far an upload got (end-13); nil when the registry does not know it any more.
    func progress(of session: UploadSession, purpose: String) async throws -> UploadSession? {
        let response = try await send(
            RegistryRequest(
                method: .GET, place: .address(session.location),
                accepted: Set((400..<500).filter { $0 != 408 && $0 != 429 }), purpose: purpose))
        guard (200..<300).contains(response.status.code) else { return nil }
        return try next(after: response, of: session, otherwise: 0, purpose: purpose)
    }

    /// Sends a chunk (end-5).
    ///
    /// - Returns: the upload as it goes on; nil when the registry does not expect this chunk.
    func patch(
        _ session: UploadSession, with chunk: FileBody, purpose: String
    ) async throws -> UploadSession? {
        let last = chunk.range.upperBound - 1
        let response = try await attempt(
            RegistryRequest(
                method: .PATCH, place: .address(session.location),
                headers: [("Content-Range", "\(chunk.range.lowerBound)-\(last)")],
                body: .file(chunk), accepted: [400, 404, 416], purpose: purpose))
        guard (200..<300).contains(response.status.code) else {
            _ = await response.refusal()
            return nil
        }
        return try next(
            after: response, of: session, otherwise: chunk.range.upperBound, purpose: purpose)
    }

    /// Ends an upload, with the rest of the blob or all of it (end-6).
    ///
    /// - Returns: false when the registry does not take so much in one request.
    func put(
        _ session: UploadSession, as digest: Digest, with rest: FileBody?, purpose: String
    ) async throws -> Bool {
        var location = session.location
        location.target += location.target.contains("?") ? "&" : "?"
        location.target += "digest=\("\(digest)".escapedForQuery)"
        // Too large, without a length, or not with this method: other requests may do.
        let tooMuch: Set<UInt> = rest == nil ? [] : [405, 411, 413, 501]
        let response = try await attempt(
            RegistryRequest(
                method: .PUT, place: .address(location),
                headers: rest == nil ? [("Content-Length", "0")] : [],
                body: rest.map(WebRequest.Body.file), accepted: tooMuch, purpose: purpose))
        _ = await response.refusal()
        return (200..<300).contains(response.status.code)
    }

    /// Gives an upload up (end-14).
    func cancel(_ session: UploadSession) async {
        // Best effort: a registry forgets it in time.
        _ = try? await attempt(
            RegistryRequest(
                method: .DELETE, place: .address(session.location), purpose: "cannot end"))
    }

    /// Stores a manifest or index under a tag or its digest (end-7a).
    ///
    /// - Returns: whether the registry lists it as a referrer of its subject.
    @discardableResult
    func put(
        _ manifest: ManifestDocument, as name: ManifestName, purpose: String
    ) async throws -> Bool {
        let response = try await send(
            RegistryRequest(
                method: .PUT, place: .resource("manifests/\(name)"),
                body: .document(manifest.bytes, type: manifest.mediaType.rawValue),
                purpose: purpose))
        let stored = response.headers.first(name: "Docker-Content-Digest")
        if let stored, stored.hasPrefix(manifest.digest.algorithm), stored != "\(manifest.digest)" {
            throw Problem(
                kind: .corrupt, what: purpose,
                why: "\(registry) stored \(manifest.digest) as \(stored)",
                fix: "try again; if it stays so, the registry or a proxy is damaged")
        }
        return response.headers.first(name: "OCI-Subject") != nil
    }

    private func session(
        begunBy response: HTTPClientResponse, purpose: String
    ) async throws -> UploadSession {
        let base = try await apiAddress()
        let shortest = response.headers.first(name: "OCI-Chunk-Min-Length").flatMap { Int64($0) }
        var upload = base
        upload.target = target(of: "blobs/uploads/")
        let empty = UploadSession(
            location: upload, offsetInBytes: 0, shortestChunkInBytes: shortest ?? 0)
        guard response.headers.first(name: "Location") != nil else {
            throw Problem(
                kind: .unavailable, what: purpose,
                why: "\(registry) begins an upload and does not say where")
        }
        var session = try next(after: response, of: empty, otherwise: 0, purpose: purpose)
        session.offsetInBytes = 0
        return session
    }

    /// An upload as an answer describes it.
    private func next(
        after response: HTTPClientResponse, of session: UploadSession, otherwise offset: Int64,
        purpose: String
    ) throws -> UploadSession {
        var next = session
        if let location = response.headers.first(name: "Location") {
            guard let address = session.location.resolving(location) else {
                throw Problem(
                    kind: .unavailable, what: purpose,
                    why: "\(registry) names '\(location)' to go on, no http address")
            }
            next.location = address
        }
        next.offsetInBytes =
            UploadRange.end(of: response.headers.first(name: "Range")) ?? offset
        return next
    }
}

/// The header `Range` of an upload's state: "0-1023", of which the last byte is there.
enum UploadRange {
    /// How many bytes the registry has; nil when the header does not say.
    ///
    /// "0-0" is what registries say of an empty upload; that of a single byte begins again.
    static func end(of header: String?) -> Int64? {
        guard let header else { return nil }
        let range = header.lowercased().hasPrefix("bytes=") ? header.dropFirst(6) : header[...]
        let parts = range.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "0", let last = Int64(parts[1]), last >= 0 else {
            return nil
        }
        return last == 0 ? 0 : last + 1
    }
}
