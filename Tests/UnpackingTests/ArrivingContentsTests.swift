import Diagnostics
import OCI
import Storage
import Testing

@testable import Unpacking

/// Tables of contents of layers; Integration/Registry runs containers on them.
@Suite struct ArrivingContentsTests {
    private static let digest = "sha256:" + String(repeating: "a", count: 64)

    private func layer(_ annotations: [String: String]) throws -> Descriptor {
        var layer = Descriptor(
            mediaType: MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar+zstd"),
            digest: try Digest(parsing: Self.digest), size: 10_000)
        layer.annotations = annotations
        return layer
    }

    private func contents(_ entries: String) throws -> ArrivingContents? {
        try ArrivingContents(
            document: Array("{\"version\": 1, \"entries\": [\(entries)]}".utf8), layer: layer([:]),
            diffID: Digest(parsing: Self.digest), end: 9000)
    }

    @Test(arguments: ["io.github.containers.zstd-chunked", "io.containers.zstd-chunked"])
    func `the manifest says where zstd chunked has its table`(prefix: String) throws {
        func place(_ position: String) throws -> ContentsPlace? {
            try ContentsPlace(
                layer([
                    "\(prefix).manifest-checksum": Self.digest,
                    "\(prefix).manifest-position": position,
                ]))
        }
        #expect(
            try place("9000:500:3000:1")
                == .zstdChunked(range: 9000..<9500, digest: Digest(parsing: Self.digest)))
        for wrong in [
            "9000:500:3000:2", "9000:1001:3000:1", "-1:5:5:1", "9000:0:3000:1", "1:2:1", "",
            "9000:500:99999999999:1", "9000:500:-1:1", "9000:500:67108865:1",
            "9223372036854775807:1:1:1", "1:9223372036854775807:1:1", "9000:500:0:1",
            "9000:500:1:99999999999999999999",
        ] {
            #expect(try place(wrong) == nil)
        }
        #expect(try ContentsPlace(layer([:])) == nil)
    }

    @Test func `the footer says where eStargz has its table`() throws {
        let layer = try layer(["containerd.io/snapshot/stargz/toc.digest": Self.digest])
        #expect(try ContentsPlace(layer) == .eStargz(digest: Digest(parsing: Self.digest)))
        func footer(_ text: String) -> [UInt8] {
            var bytes: [UInt8] = [0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 0xFF, 26, 0, 0x53, 0x47, 22, 0]
            bytes += Array(text.utf8)
            return bytes + [1, 0, 0, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 8)
        }
        #expect(
            try ContentsPlace.start(inFooter: footer("0000000000002000STARGZ"), of: layer) == 0x2000
        )
        for wrong in ["000000000000FFFFSTARGZ", "0000000000002000SHARGZ", "-000000000002000STARGZ"]
        {
            #expect(throws: Problem.self) {
                try ContentsPlace.start(inFooter: footer(wrong), of: layer)
            }
        }
        #expect(throws: Problem.self) { try ContentsPlace.start(inFooter: [0x1F], of: layer) }
    }

    @Test func `each file begins at a page, and its parts follow one another`() throws {
        let own = "\"chunkDigest\": \"\(Self.digest)\""
        let contents = try #require(
            try contents(
                """
                {"type": "dir", "name": "d/", "mode": 493},
                {"type": "reg", "name": "d/one", "size": 5000, "offset": 100, "endOffset": 900,
                 "chunkSize": 2000, \(own)},
                {"type": "chunk", "name": "d/one", "offset": 400, "chunkOffset": 2000,
                 "chunkSize": 1000, \(own), "chunkType": "zeros"},
                {"type": "chunk", "name": "d/one", "offset": 420, "chunkOffset": 3000, \(own)},
                {"type": "hardlink", "name": "link", "linkName": "d/one"},
                {"type": "reg", "name": "empty", "size": 0},
                {"type": "reg", "name": "two", "size": 10, "offset": 1000, "innerOffset": 7,
                 "digest": "\(Self.digest)"},
                {"type": "reg", "name": "three", "size": 10, "offset": 2000, \(own)}
                """))
        #expect(contents.parts.map(\.place) == [0..<2000, 3000..<5000, 8192..<8202, 12288..<12298])
        #expect(contents.parts.map(\.blob) == [100..<400, 420..<900, 1000..<2000, 2000..<9000])
        #expect(contents.parts.map(\.skipped) == [0, 0, 7, 0])
        #expect(contents.dataInBytes == 16384)
    }

    @Test(
        arguments: [
            // Parts that do not make up the file, or that nobody could verify or fetch.
            #"{"type": "reg", "name": "f", "size": 10, "offset": 0, "chunkSize": 5, "chunkDigest": "D"}"#,
            #"{"type": "reg", "name": "f", "size": 10, "offset": 0, "chunkSize": 11, "chunkDigest": "D"}"#,
            #"{"type": "reg", "name": "f", "size": 10, "offset": 0}"#,
            #"{"type": "reg", "name": "f", "size": 10, "offset": 0, "chunkDigest": "sha256:1"}"#,
            #"{"type": "reg", "name": "f", "size": 10, "offset": 9000, "chunkDigest": "D"}"#,
            #"{"type": "reg", "name": "f", "size": 10, "offset": -5, "chunkDigest": "D"}"#,
            #"{"type": "reg", "name": "f", "size": 10, "offset": 5, "endOffset": 9001, "chunkDigest": "D"}"#,
            #"{"type": "reg", "name": "f", "size": 99999999, "offset": 0, "chunkDigest": "D"}"#,
            #"{"type": "reg", "name": "f", "size": -1, "offset": 0, "chunkDigest": "D"}"#,
            #"{"type": "chunk", "name": "f", "offset": 0, "chunkDigest": "D"}"#,
            #"{"type": "dir", "name": "d"}, {"type": "chunk", "name": "d", "chunkDigest": "D"}"#,
            #"{"type": "socket", "name": "s"}"#,
            // Sizes that are larger than what can be added to anything.
            #"""
            {"type": "reg", "name": "a", "size": 10, "offset": 0, "chunkDigest": "D"},
            {"type": "reg", "name": "b", "size": 9223372036854775807, "offset": 9,
             "chunkDigest": "D"}
            """#,
            #"""
            {"type": "reg", "name": "a", "size": 9223372036854775807, "offset": 0, "chunkSize": 9,
             "chunkDigest": "D"}, {"type": "chunk", "name": "a", "offset": 9223372036854775807,
             "chunkOffset": 9, "chunkSize": 9223372036854775798, "chunkDigest": "D"}
            """#,
            #"{"type": "reg", "name": "f", "size": 10, "offset": 0, "innerOffset": 9223372036854775807, "chunkDigest": "D"}"#,
            #"{"type": "dir", "name": "d", "xattrs": {"user.a": "?"}}"#,
            #"{"type": "dir", "name": "d", "xattrs": {"system.posix_acl_access": "AAAA"}}"#,
        ])
    func `a table that does not add up is not used`(entries: String) throws {
        #expect(try contents(entries.replacing("\"D\"", with: "\"\(Self.digest)\"")) == nil)
    }

    @Test(arguments: [
        "1677-09-21T00:12:44Z", "2262-04-11T23:47:16.9Z", "9999-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z", "never",
    ])
    func `any time can be read`(text: String) throws {
        let contents = try contents(#"{"type": "dir", "name": "d", "modtime": "\#(text)"}"#)
        #expect(contents != nil)
    }

    @Test(arguments: [#"{"type": "dir", "name": "../d"}"#, "3", #"{"type": 5}"#])
    func `a table that is none, or leaves the root, is an error`(entries: String) {
        #expect(throws: Problem.self) { try contents(entries) }
    }

    @Test(arguments: [(1, false), (2, true), (3, true)])
    func `a table is read as far as so many lines`(most: Int, isRead: Bool) throws {
        let text = Array(#"{"entries": [{"type": "dir"}, {}], "version": 1}"#.utf8)
        let lines = try text.withUnsafeBufferPointer { bytes throws(JSONError) in
            var json = JSONReader(bytes)
            return try ContentsEntry.read(from: &json, atMost: most)
        }
        #expect(lines?.map(\.type) == (isRead ? ["dir", ""] : nil))
    }

    @Test func `a part is decompressed and verified`() throws {
        let sample = Array("skipped, and then what is wanted, and the rest".utf8)
        let wanted = Array(sample[13..<32])
        var part = ArrivingContents.Part(
            place: 0..<Int64(wanted.count), blob: 0..<Int64(sample.count), skipped: 13,
            digest: ContentHasher.sha256(wanted))
        #expect(try part.bytes(from: sample) == wanted)
        #expect(throws: Problem.self) { try part.bytes(from: Array(sample.dropLast(20))) }
        part.skipped = 12
        #expect(throws: Problem.self) { try part.bytes(from: sample) }
    }

    @Test func `a table with another digest than the manifest's is refused`() throws {
        let text = Array("{}".utf8)
        let place = ContentsPlace.zstdChunked(range: 0..<2, digest: ContentHasher.sha256(text))
        #expect(try ContentsDocument.text(of: text, at: place) == text)
        #expect(throws: Problem.self) {
            try ContentsDocument.text(of: Array("[]".utf8), at: place)
        }
    }
}
