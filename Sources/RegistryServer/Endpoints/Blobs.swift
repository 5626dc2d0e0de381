import Diagnostics
import NIOHTTP1
import OCI
import Registry
import Storage

/// `/v2/<name>/blobs/<digest>` (distribution-spec, Pulling blobs and Deleting Blobs).
extension RegistryAPI {
    func blob(
        _ repository: Repository, _ digest: Digest, _ request: Request
    ) async throws -> Response {
        let needing = try await contents(of: repository).blobs[digest]
        guard needing != nil || arrivals.contains(digest, in: repository.name) else {
            throw unknown(digest, in: repository)
        }
        if request.method == .DELETE {
            return try await delete(digest, from: repository, neededBy: needing)
        }
        let content = content
        let file = try await blocking { () throws -> HeldFile? in
            guard content.contains(digest) else { return nil }
            return HeldFile(try content.open(digest))
        }
        guard let file else { throw unknown(digest, in: repository) }
        let size = try file.sizeInBytes()
        let tag = "\"\(digest)\""
        let headers = [
            ("Content-Type", "application/octet-stream"), ("Docker-Content-Digest", "\(digest)"),
            ("ETag", tag), ("Accept-Ranges", "bytes"),
        ]
        if request.headers["If-None-Match"].contains(tag) {
            return Response(.notModified, headers)
        }
        let isSame = request.headers.first(name: "If-Range").map { $0 == tag } ?? true
        var response = Response(.ok, headers)
        switch ByteRange(isSame ? request.headers.first(name: "Range") : nil, sizeInBytes: size) {
        case .whole: response.body = .file(file, 0..<size)
        case .part(let range):
            response.status = .partialContent
            response.headers.add(
                name: "Content-Range",
                value: "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)")
            response.body = .file(file, range)
        case .unsatisfiable:
            throw Refusal(
                .rangeNotSatisfiable, .sizeInvalid, "the blob has \(size) bytes",
                ["Content-Range": "bytes */\(size)"])
        }
        return response
    }

    private func delete(
        _ digest: Digest, from repository: Repository, neededBy manifest: Digest?
    ) async throws -> Response {
        if let manifest {
            throw Refusal(
                .methodNotAllowed, .unsupported,
                "the manifest \(manifest) needs \(digest): delete that first")
        }
        let (arrivals, content, layers) = (arrivals, content, layers)
        try await blocking {
            try arrivals.remove([digest], from: repository.name)
            try content.collectGarbage(among: [digest], layers: layers)
        }
        return Response(.accepted)
    }

    private func unknown(_ digest: Digest, in repository: Repository) -> Refusal {
        Refusal(.notFound, .blobUnknown, "\(repository.name) has no blob \(digest)")
    }
}
