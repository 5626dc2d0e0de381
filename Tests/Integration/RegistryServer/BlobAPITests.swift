import Foundation
import Storage
import Testing

/// Blobs over the distribution specification's API, byte by byte.
@Suite struct BlobAPITests {
    let registry: ServedRegistry
    /// 300,000 bytes that differ.
    let blob = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }

    init() throws { registry = try ServedRegistry() }

    private var digest: String { "\(ContentHasher.sha256(blob))" }

    /// The path of a new upload.
    private func begin(_ query: String = "") throws -> String {
        let answer = try registry.send("POST", "/v2/a/b/blobs/uploads/\(query)", [:], [])
        #expect(answer.status == 202)
        #expect(answer.headers["range"] == "0-0")
        let upload = try #require(answer.headers["docker-upload-uuid"])
        let location = try #require(answer.headers["location"])
        #expect(location == "/v2/a/b/blobs/uploads/\(upload)")
        return location
    }

    private func expectBlob(_ answer: HTTPAnswer, digest: String? = nil) throws {
        let digest = digest ?? self.digest
        #expect(answer.status == 201, "\(answer)")
        #expect(answer.headers["docker-content-digest"] == digest)
        let location = try #require(answer.headers["location"])
        #expect(location == "/v2/a/b/blobs/\(digest)")
        let got = try registry.send("GET", location)
        #expect(got.status == 200)
        #expect(got.body == blob)
        #expect(got.headers["docker-content-digest"] == digest)
        let head = try registry.send("HEAD", location)
        #expect(head.status == 200)
        #expect(head.headers["content-length"] == "\(blob.count)")
        #expect(head.headers["docker-content-digest"] == digest)
    }

    @Test func `the root answers, and paths of nothing do not`() throws {
        let root = try registry.send("GET", "/v2/")
        #expect(root.status == 200)
        #expect(root.headers["docker-distribution-api-version"] == "registry/2.0")
        #expect(try registry.send("GET", "/v1/").status == 404)
        let refused = try registry.send("PUT", "/v2/a/b/tags/list", [:], [])
        #expect(refused.status == 405)
        #expect(refused.headers["allow"] == "GET, HEAD")
        #expect(refused.code == "UNSUPPORTED")
        #expect(try registry.send("GET", "/v2/A/manifests/1").code == "NAME_INVALID")
    }

    @Test func `a blob comes with one request`() throws {
        let path = "/v2/a/b/blobs/uploads/?digest=\(digest)"
        try expectBlob(try registry.send("POST", path, [:], blob))
        // Of nothing there is a blob, too.
        let empty = try registry.push(blob: [], to: "a/b")
        #expect(try registry.send("GET", "/v2/a/b/blobs/\(empty)").headers["content-length"] == "0")
    }

    @Test func `a blob comes with a second request`() throws {
        let upload = try begin()
        try expectBlob(try registry.send("PUT", "\(upload)?digest=\(digest)", [:], blob))
        #expect(try registry.send("GET", upload).code == "BLOB_UPLOAD_UNKNOWN")
    }

    @Test(arguments: [true, false])
    func `a blob comes in chunks`(withPut: Bool) throws {
        let upload = try begin()
        var offset = 0
        let ends = [100_000, 100_001, 300_000]
        for end in withPut ? ends.dropLast() : ends[...] {
            let answer = try registry.send(
                "PATCH", upload, ["Content-Range": "\(offset)-\(end - 1)"],
                Array(blob[offset..<end]))
            #expect(answer.status == 202)
            #expect(answer.headers["range"] == "0-\(end - 1)")
            #expect(answer.headers["location"] == upload)
            let status = try registry.send("GET", upload)
            #expect(status.status == 204)
            #expect(status.headers["range"] == "0-\(end - 1)")
            offset = end
        }
        let headers = withPut ? ["Content-Range": "\(offset)-\(blob.count - 1)"] : [:]
        try expectBlob(
            try registry.send("PUT", "\(upload)?digest=\(digest)", headers, Array(blob[offset...])))
    }

    @Test func `a chunk out of order changes nothing`() throws {
        let upload = try begin()
        for method in ["PATCH", "PUT"] {
            let answer = try registry.send(
                method, method == "PUT" ? "\(upload)?digest=\(digest)" : upload,
                ["Content-Range": "100-199"], Array(blob[100..<200]))
            #expect(answer.status == 416)
            #expect(answer.headers["location"] == upload)
            #expect(answer.headers["range"] == "0-0")
        }
        let first = try registry.send(
            "PATCH", upload, ["Content-Range": "0-99"], Array(blob[..<100]))
        #expect(first.status == 202)
        let again = try registry.send(
            "PATCH", upload, ["Content-Range": "0-99"], Array(blob[..<100]))
        #expect(again.status == 416)
        #expect(again.headers["range"] == "0-99")
        for range in ["99", "a-b", "200-100", "100-150"] {
            let answer = try registry.send(
                "PATCH", upload, ["Content-Range": range], Array(blob[100..<200]))
            #expect(answer.status == 400, "\(range)")
        }
        try expectBlob(
            try registry.send("PUT", "\(upload)?digest=\(digest)", [:], Array(blob[100...])))
    }

    @Test func `a chunk that is not as long as its range ends the upload`() throws {
        let upload = try begin()
        let connection = try HTTPConnection(port: registry.port)
        try connection.sendHead(
            "PATCH", upload, ["Content-Range": "0-9", "Transfer-Encoding": "chunked"])
        try connection.send(Array("3\r\nabc\r\n0\r\n\r\n".utf8))
        #expect(try connection.answer().code == "SIZE_INVALID")
        #expect(try registry.send("GET", upload).status == 404)
        #expect(try registry.files().isEmpty)
    }

    @Test func `a blob comes as a stream`() throws {
        let upload = try begin()
        let connection = try HTTPConnection(port: registry.port)
        try connection.sendHead("PATCH", upload, ["Transfer-Encoding": "chunked"])
        for start in stride(from: 0, to: blob.count, by: 50_000) {
            let part = blob[start..<min(start + 50_000, blob.count)]
            try connection.send(
                Array("\(String(part.count, radix: 16))\r\n".utf8) + part + [13, 10])
        }
        try connection.send(Array("0\r\n\r\n".utf8))
        #expect(try connection.answer().headers["range"] == "0-\(blob.count - 1)")
        // The connection goes on.
        try connection.sendHead("PUT", "\(upload)?digest=\(digest)", ["Content-Length": "0"])
        try expectBlob(try connection.answer())
    }

    @Test(arguments: ["", "?digest-algorithm=sha512"])
    func `a blob may have a digest of SHA-512`(query: String) throws {
        var hasher = ContentHasher(.sha512)
        blob.withUnsafeBytes { hasher.update($0) }
        let digest = "\(hasher.digest())"
        let upload = try begin(query)
        _ = try registry.send("PATCH", upload, [:], Array(blob[..<1000]))
        try expectBlob(
            try registry.send("PUT", "\(upload)?digest=\(digest)", [:], Array(blob[1000...])),
            digest: digest)
        let one = try registry.send("POST", "/v2/c/blobs/uploads/?digest=\(digest)", [:], blob)
        #expect(one.status == 201)
    }

    @Test func `a wrong digest is refused, and nothing stays`() throws {
        let wrong = "\(ContentHasher.sha256([1]))"
        let upload = try begin()
        let answers = [
            try registry.send("POST", "/v2/a/b/blobs/uploads/?digest=\(wrong)", [:], blob),
            try registry.send("PUT", "\(upload)?digest=\(wrong)", [:], blob),
            try registry.send("POST", "/v2/a/b/blobs/uploads/?digest=sha256:bad", [:], blob),
            try registry.send("POST", "/v2/a/b/blobs/uploads/?digest=md5:abc", [:], blob),
            try registry.send("POST", "/v2/a/b/blobs/uploads/?digest-algorithm=md5", [:], []),
            try registry.send("PUT", try begin(), [:], blob),
        ]
        #expect(answers.map(\.status) == Array(repeating: 400, count: answers.count))
        #expect(answers.allSatisfy { $0.code == "DIGEST_INVALID" })
        #expect(try registry.send("GET", "/v2/a/b/blobs/\(wrong)").code == "BLOB_UNKNOWN")
        // The last one's upload is there still.
        #expect(try registry.files().count == 1)
    }

    @Test func `an upload is given up`() throws {
        let upload = try begin()
        _ = try registry.send("PATCH", upload, [:], Array(blob[..<1000]))
        #expect(try registry.files().count == 1)
        #expect(try registry.send("DELETE", upload).status == 204)
        #expect(try registry.send("DELETE", upload).code == "BLOB_UPLOAD_UNKNOWN")
        #expect(try registry.files().isEmpty)
        for name in ["..", "%2e%2e%2f%2e%2e", "x", "lease-1"] {
            #expect(try registry.send("GET", "/v2/a/b/blobs/uploads/\(name)").status == 404)
        }
    }

    @Test(arguments: [
        ("bytes=500-1499", 500..<1500), ("bytes=299500-", 299_500..<300_000),
        ("bytes=-500", 299_500..<300_000), ("bytes=299990-999999", 299_990..<300_000),
    ])
    func `a part of a blob is given`(header: String, range: Range<Int>) throws {
        let path = "/v2/a/b/blobs/\(try registry.push(blob: blob, to: "a/b"))"
        let answer = try registry.send("GET", path, ["Range": header])
        #expect(answer.status == 206)
        #expect(answer.body == Array(blob[range]))
        #expect(
            answer.headers["content-range"]
                == "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(blob.count)")
    }

    @Test func `a part that is not there is refused, and one of another blob is the whole`() throws
    {
        let path = "/v2/a/b/blobs/\(try registry.push(blob: blob, to: "a/b"))"
        for header in ["bytes=500-0", "bytes=300000-"] {
            let answer = try registry.send("GET", path, ["Range": header])
            #expect(answer.status == 416)
            #expect(answer.headers["content-range"] == "bytes */300000")
        }
        let other = ["Range": "bytes=0-1", "If-Range": "\"other\""]
        #expect(try registry.send("GET", path, other).status == 200)
        let same = ["Range": "bytes=0-1", "If-Range": "\"\(digest)\""]
        #expect(try registry.send("GET", path, same).status == 206)
        #expect(try registry.send("GET", path, ["If-None-Match": "\"\(digest)\""]).status == 304)
    }

    @Test func `a blob is mounted where it is, and else an upload begins`() throws {
        let digest = try registry.push(blob: blob, to: "source")
        let other = "\(ContentHasher.sha256([1]))"
        func mount(_ digest: String, _ rest: String) throws -> HTTPAnswer {
            try registry.send("POST", "/v2/a/b/blobs/uploads/?mount=\(digest)\(rest)", [:], [])
        }
        #expect(try mount(digest, "&from=elsewhere").status == 202)
        #expect(try registry.send("GET", "/v2/a/b/blobs/\(digest)").status == 404)
        try expectBlob(try mount(digest, "&from=source"))
        #expect(try registry.send("DELETE", "/v2/a/b/blobs/\(digest)").status == 202)
        try expectBlob(try mount(digest, ""))
        #expect(try mount(other, "").status == 202)
        #expect(try mount("sha256:x", "").code == "DIGEST_INVALID")
        // What one repository deletes, the other one has still.
        #expect(try registry.send("DELETE", "/v2/a/b/blobs/\(digest)").status == 202)
        #expect(try registry.send("GET", "/v2/a/b/blobs/\(digest)").code == "BLOB_UNKNOWN")
        #expect(try registry.send("DELETE", "/v2/a/b/blobs/\(digest)").code == "BLOB_UNKNOWN")
        #expect(try registry.send("GET", "/v2/source/blobs/\(digest)").body == blob)
        #expect(try registry.send("DELETE", "/v2/source/blobs/\(digest)").status == 202)
        #expect(try !registry.files().contains(String(digest.dropFirst(7))))
    }
}
