import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage
import Testing

@testable import Unpacking

/// Layers that are compressed in another way before a push.
@Suite struct EncodingTests {
    private let archive: [UInt8]

    init() {
        var tar = TarBuilder()
        tar.add(file: "a", String(repeating: "text ", count: 10_000))
        tar.add(link: "l", to: "a", "2")
        archive = tar.archive
    }

    private func all(of source: any ByteSource) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try source.nextChunk() { bytes += chunk.bytes }
        return bytes
    }

    /// A blob of the store with the archive in a compression.
    private func layer(
        _ compression: LayerCompression, in store: ContentStore
    ) throws -> Descriptor {
        let bytes = try all(of: compressed(MemorySource(archive), as: compression, level: nil))
        let digest = ContentHasher.sha256(bytes)
        try store.store(bytes, as: digest)
        return Descriptor(
            mediaType: MediaType(layer: compression, isDockers: false), digest: digest,
            size: Int64(bytes.count))
    }

    @Test(arguments: [LayerCompression.gzip, .zstd, .uncompressed])
    func `a compressed layer becomes another one without its archive on the disk`(
        from: LayerCompression
    ) throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            let layer = try layer(from, in: store)
            let lease = SharedLease(try store.lease())
            for format in [LayerEncoding.Format.gzip, .zstd] {
                let encoded = try store.encode(
                    layer, as: LayerEncoding(format, level: 1), limit: .usual, under: lease)
                let digest = encoded.descriptor.digest
                #expect(encoded.descriptor.mediaType.layerCompression == format.compression)
                #expect(encoded.diffID == nil)
                let file = FileSource(try store.open(digest), named: "the blob")
                #expect(try all(of: decompressed(file, limit: .usual)) == archive)
                if from != .uncompressed {
                    #expect(!store.contains(ContentHasher.sha256(archive)))
                }
            }
            let plain = try store.encode(
                layer, as: LayerEncoding(.uncompressed), limit: .usual, under: lease)
            #expect(plain.descriptor.digest == ContentHasher.sha256(archive))
            lease.end()
        }
    }

    @Test func `a layer past the limit is not compressed again`() throws {
        try withTemporaryDirectory { root in
            let store = try ContentStore(root: root)
            let layer = try layer(.gzip, in: store)
            let lease = SharedLease(try store.lease())
            let problem = #expect(throws: Problem.self) {
                try store.encode(
                    layer, as: LayerEncoding(.zstd), limit: ArchiveLimit(bytes: 4096), under: lease)
            }
            #expect(problem?.why.contains("more than the 4096 bytes") == true)
            lease.end()
        }
    }

    // MARK: Tables of contents

    private func contents(of tar: TarBuilder) throws -> String {
        var text = ""
        try withTemporaryDirectory { root in
            let path = root.appending("archive")
            try File.create(path, content: tar.archive, permissions: .ownerReadWrite)
            let file = SharedFile(try OwnedFD.open(path, .readOnly), named: "archive")
            let outline = try ArchiveOutline(of: file, sizeInBytes: Int64(tar.archive.count))
            text = String(decoding: outline.contents(of: .zstdChunked), as: UTF8.self)
        }
        return text
    }

    @Test(arguments: [
        ("9223372037", "9223372037"), ("-9223372037", "-9223372037"),
        ("999999999999999999.5", "999999999999999999"), ("9223372036.9", "9223372036"),
    ])
    func `a time that is no date is refused`(time: String, told: String) throws {
        var tar = TarBuilder()
        tar.add(pax: [("mtime", time)])
        tar.add(file: "late", "x")
        let problem = #expect(throws: Problem.self) { try contents(of: tar) }
        #expect(problem?.kind == .unsupported)
        #expect(
            problem?.why == "the time of late, \(told) seconds after 1970, is no date",
            "\(problem?.why ?? "")")
    }

    @Test(arguments: [
        ("1.5", "1970-01-01T00:00:01.5Z"), ("-1.5", "1969-12-31T23:59:58.5Z"),
        ("9223372036", "2262-04-11T23:47:16Z"),
    ])
    func `a time is a date in the table of contents`(time: String, date: String) throws {
        var tar = TarBuilder()
        tar.add(pax: [("mtime", time)])
        tar.add(file: "f", "x")
        let text = try contents(of: tar)
        #expect(text.contains("\"modtime\":\"\(date)\""), "\(text)")
    }
}
