import AsyncHTTPClient
import Diagnostics
import NIOCore
import NIOHTTP1
import OCI
import Storage

/// A manifest or index as the registry sent it; the bytes are what its digest is of.
struct ManifestDocument: Sendable {
    /// The text.
    var bytes: [UInt8]
    /// What it is, a manifest or an index.
    var mediaType: MediaType
    /// The digest, verified.
    var digest: Digest

    /// The descriptor that names it.
    var descriptor: Descriptor {
        Descriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count))
    }
}

/// The beginning of a blob's download.
struct BlobDownload: Sendable {
    /// The bytes.
    var body: HTTPClientResponse.Body
    /// The place in the blob of the first of them: 0 when the registry does not do ranges.
    var offsetInBytes: Int64
}

extension RegistryClient {
    /// More than a manifest has: the specification lets registries refuse those past 4 MiB.
    private static let manifestLimitInBytes = 8 << 20

    /// More than a configuration has.
    private static let smallBlobLimitInBytes: Int64 = 16 << 20

    private static let acceptedManifests: [(name: String, value: String)] = [
        MediaType.manifest, .index, .dockerManifest, .dockerManifestList,
    ].map { ("Accept", $0.rawValue) }

    /// The digest that a tag has now, or nil when the registry does not say (end-3, HEAD).
    func manifestDigest(of tag: String, purpose: String) async throws -> Digest? {
        let response = try await send(
            RegistryRequest(
                method: .HEAD, place: .resource("manifests/\(tag)"),
                headers: Self.acceptedManifests, purpose: purpose))
        return try response.headers.first(name: "Docker-Content-Digest").map {
            try Digest(parsing: $0)
        }
    }

    /// Fetches a manifest or index by tag or digest, and verifies its digest (end-3).
    func manifest(_ name: ManifestName, purpose: String) async throws -> ManifestDocument {
        let response = try await send(
            RegistryRequest(
                method: .GET, place: .resource("manifests/\(name)"),
                headers: Self.acceptedManifests, purpose: purpose))
        let bytes: [UInt8]
        do {
            let body = try await response.body.collect(upTo: Self.manifestLimitInBytes)
            bytes = Array(body.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Problem(
                kind: .invalid, what: purpose,
                why: "its manifest is larger than \(Self.manifestLimitInBytes >> 20) MiB")
        } catch {
            try Task.checkCancellation()
            throw Problem(
                kind: .unavailable, what: purpose,
                why: "the manifest broke off: \(TransportFailure.reason(of: error))",
                fix: "try again", cause: error)
        }
        let digest = try Self.verifiedDigest(
            of: bytes, name: name, header: response.headers.first(name: "Docker-Content-Digest"),
            purpose: purpose)
        let type = try ManifestType.mediaType(
            of: bytes, contentType: response.headers.first(name: "Content-Type"),
            purpose: purpose)
        return ManifestDocument(bytes: bytes, mediaType: type, digest: digest)
    }

    /// Begins to fetch a blob, from a place in it where the registry can.
    ///
    /// What the registry has not is asked for where its descriptor says (`urls`), one after the
    /// other: layers that must not be distributed are nowhere else. No secret goes there, not even on
    /// the registry's own host: it may answer 401 to be shown one (CVE-2020-15157).
    func blob(
        _ descriptor: Descriptor, fromByte offset: Int64, purpose: String
    ) async throws -> BlobDownload {
        do {
            return try await blob(descriptor.digest, fromByte: offset, purpose: purpose)
        } catch let missing as Problem where missing.kind == .notFound {
            var problem = missing
            for address in descriptor.urls.compactMap({ WebAddress($0) }) {
                do {
                    return try await blob(at: .foreign(address), fromByte: offset, purpose: purpose)
                } catch let failure as Problem {
                    problem.why += "; \(address): \(failure.why)"
                }
            }
            throw problem
        }
    }

    /// Begins to fetch a blob from the registry (end-2, with Range).
    func blob(
        _ digest: Digest, fromByte offset: Int64, purpose: String
    ) async throws -> BlobDownload {
        try await blob(at: .resource("blobs/\(digest)"), fromByte: offset, purpose: purpose)
    }

    private func blob(
        at place: RegistryRequest.Place, fromByte offset: Int64, purpose: String
    ) async throws -> BlobDownload {
        let headers = offset > 0 ? [(name: "Range", value: "bytes=\(offset)-")] : []
        let response = try await send(
            RegistryRequest(
                method: .GET, place: place, headers: headers, accepted: [416], purpose: purpose))
        if response.status == .rangeNotSatisfiable {
            _ = await response.refusal()
            guard offset > 0 else {
                throw Problem(
                    kind: .unavailable, what: purpose,
                    why: "\(registry) answers 416 though no range was asked for")
            }
            return try await blob(at: place, fromByte: 0, purpose: purpose)
        }
        guard response.status == .partialContent else {
            return BlobDownload(body: response.body, offsetInBytes: 0)
        }
        let range = response.headers.first(name: "Content-Range")
        guard let start = ContentRange.start(of: range), start <= offset else {
            throw Problem(
                kind: .unavailable, what: purpose,
                why: "\(registry) sends the range '\(range ?? "")' for bytes from \(offset)")
        }
        return BlobDownload(body: response.body, offsetInBytes: start)
    }

    /// Fetches a part of a blob (end-2, with Range), whose digest nobody knows here.
    ///
    /// - Throws: `.unsupported` of a registry that does not do ranges.
    func blobPart(
        _ digest: Digest, _ range: Range<Int64>, purpose: String
    ) async throws -> [UInt8] {
        let response = try await send(
            RegistryRequest(
                method: .GET, place: .resource("blobs/\(digest)"),
                headers: [("Range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")],
                accepted: [416], purpose: purpose))
        let start = ContentRange.start(of: response.headers.first(name: "Content-Range"))
        guard response.status == .partialContent, start == range.lowerBound else {
            throw Problem(
                kind: .unsupported, what: purpose,
                why: "\(registry) sends no parts of blobs (it answers \(response.status.code))")
        }
        do {
            let body = try await response.body.collect(upTo: range.count)
            if body.readableBytes == range.count { return Array(body.readableBytesView) }
        } catch {
            try Task.checkCancellation()
            throw Problem(
                kind: .unavailable, what: purpose,
                why: "a part of \(digest) broke off: \(TransportFailure.reason(of: error))",
                cause: error)
        }
        throw Problem(
            kind: .unavailable, what: purpose, why: "a part of \(digest) ended too early")
    }

    /// Fetches a blob that fits in memory, and verifies its digest.
    func smallBlob(_ descriptor: Descriptor, purpose: String) async throws -> [UInt8] {
        guard descriptor.size <= Self.smallBlobLimitInBytes else {
            throw Problem(
                kind: .invalid, what: purpose,
                why: "\(descriptor.digest) has \(descriptor.size) bytes, more than its kind has")
        }
        let download = try await blob(descriptor.digest, fromByte: 0, purpose: purpose)
        let body = try await download.body.collect(upTo: Int(descriptor.size))
        let bytes = Array(body.readableBytesView)
        var hasher = try ContentHasher(verifying: descriptor.digest)
        bytes.withUnsafeBytes { hasher.update($0) }
        guard hasher.digest() == descriptor.digest else {
            throw Problem(
                kind: .corrupt, what: purpose,
                why: "\(descriptor.digest) arrived with the digest \(hasher.digest())",
                fix: "try again; if it stays so, the registry or a proxy is damaged")
        }
        return bytes
    }

    private static func verifiedDigest(
        of bytes: [UInt8], name: ManifestName, header: String?, purpose: String
    ) throws(Problem) -> Digest {
        var claimed: [Digest] = []
        if case .digest(let digest) = name { claimed.append(digest) }
        if let header { claimed.append(try Digest(parsing: header)) }
        for digest in claimed {
            var hasher = try ContentHasher(verifying: digest)
            bytes.withUnsafeBytes { hasher.update($0) }
            guard hasher.digest() == digest else {
                throw Problem(
                    kind: .corrupt, what: purpose,
                    why: "its manifest should have the digest \(digest) and has \(hasher.digest())",
                    fix: "try again; if it stays so, the registry or a proxy is damaged")
            }
        }
        return claimed.first ?? ContentHasher.sha256(bytes)
    }
}

/// How a request names a manifest.
enum ManifestName: Sendable, CustomStringConvertible {
    case tag(String)
    case digest(Digest)

    var description: String {
        switch self {
        case .tag(let tag): tag
        case .digest(let digest): "\(digest)"
        }
    }
}

/// The header `Content-Range` (RFC 9110, 14.4): "bytes 5-9/10".
enum ContentRange {
    /// The place of the first byte; nil when the header is none of bytes.
    static func start(of header: String?) -> Int64? {
        guard let header, header.lowercased().hasPrefix("bytes ") else { return nil }
        let range = header.dropFirst("bytes ".count).drop { $0 == " " }
        return Int64(range.prefix { $0 != "-" })
    }
}
