import Diagnostics
import Linux
import OCI
import Storage

/// The formats whose files can be had one by one (``ContentsPlace``).
enum ChunkedFormat {
    case eStargz, zstdChunked
}

extension ContentStore {
    /// Compresses an archive part by part, and adds a table of contents.
    ///
    /// - Parameters:
    ///   - layer: the archive, which is here as it is.
    ///   - format: which of the two.
    ///   - level: by the scale of gzip or zstd.
    ///   - lease: protects the new blob.
    /// - Returns: the new blob, which is in the store.
    /// - Throws: `.unsupported` for an archive with sparse files or names that are not in UTF-8.
    func chunk(
        _ layer: Descriptor, as format: ChunkedFormat, level: Int?, under lease: SharedLease
    ) throws(Problem) -> EncodedLayer {
        let file = SharedFile(try open(layer.digest), named: "the blob \(layer.digest)")
        var outline = try ArchiveOutline(of: file, sizeInBytes: layer.size)
        if format == .eStargz { outline.dropContents() }
        var blob = ChunkedBlob(writer: try writer(), format: format, level: level)
        var position: Int64 = 0
        for member in outline.members.indices {
            for chunk in outline.members[member].chunks.indices {
                let range = outline.members[member].chunks[chunk].range
                _ = try blob.append(FileRangeSource(file, range: position..<range.lowerBound))
                outline.members[member].chunks[chunk].place = try blob.append(
                    FileRangeSource(file, range: range))
                position = range.upperBound
            }
        }
        let end = format == .eStargz ? outline.endInBytes : layer.size
        _ = try blob.append(FileRangeSource(file, range: position..<end))
        let annotations = try blob.finish(outline.contents(of: format))
        let (diffID, size) = (blob.hasher.digest(), blob.writer.offsetInBytes)
        let digest = try blob.writer.seal()
        try lease.protect([digest])
        try blob.writer.place(as: digest)
        var descriptor = layer
        descriptor.mediaType = format == .eStargz ? .gzipLayer : .zstdLayer
        descriptor.digest = digest
        descriptor.size = size
        descriptor.annotations.merge(annotations) { $1 }
        return EncodedLayer(descriptor: descriptor, diffID: diffID)
    }
}

/// A blob that grows by members of gzip or frames of zstd.
private struct ChunkedBlob: ~Copyable {
    var writer: BlobWriter
    let format: ChunkedFormat
    let level: Int?
    /// Of what the blob decompresses to.
    var hasher = ContentHasher()

    init(writer: consuming BlobWriter, format: ChunkedFormat, level: Int?) {
        self.writer = writer
        self.format = format
        self.level = level
    }

    /// Adds bytes in a member or frame of their own.
    ///
    /// - Returns: where in the blob it is.
    mutating func append(_ source: any ByteSource) throws(Problem) -> Range<Int64> {
        let start = writer.offsetInBytes
        let counted = HashedSource(source, hasher)
        guard let first = try counted.nextChunk() else { return start..<start }
        let compressed = try compressed(
            MemorySource([first], then: counted), as: format == .eStargz ? .gzip : .zstd,
            level: level)
        while let chunk = try compressed.nextChunk() { try writer.write(chunk.bytes) }
        hasher = counted.hasher
        return start..<writer.offsetInBytes
    }

    /// Adds the table of contents and what leads to it.
    ///
    /// - Returns: what the manifest says of it.
    mutating func finish(_ contents: [UInt8]) throws(Problem) -> [String: String] {
        switch format {
        case .eStargz:
            let start = try append(MemorySource(Self.archive(of: contents))).lowerBound
            try writer.write(Self.footer(start))
            return [
                "containerd.io/snapshot/stargz/toc.digest": "\(ContentHasher.sha256(contents))"
            ]
        case .zstdChunked:
            var stored: [UInt8] = []
            let source = try compressed(MemorySource(contents), as: .zstd, level: level)
            while let chunk = try source.nextChunk() { stored += chunk.bytes }
            let start = writer.offsetInBytes + 8
            try writer.write(Self.skippable(stored))
            let numbers = [start, Int64(stored.count), Int64(contents.count), 1]
            // The place of tar-split's data, which is not there, and a word of eight letters.
            try writer.write(
                Self.skippable(
                    (numbers + [0, 0, 0]).flatMap { Self.bytes($0) } + "GNUlInUx".utf8))
            let prefix = "io.github.containers.zstd-chunked"
            return [
                "\(prefix).manifest-checksum": "\(ContentHasher.sha256(stored))",
                "\(prefix).manifest-position": numbers.map(String.init).joined(separator: ":"),
            ]
        }
    }

    /// The end of an archive: a member that is the table of contents, and two blocks of zeros.
    private static func archive(of contents: [UInt8]) -> [UInt8] {
        let entry = TarEntry(
            name: Array(ContentsDocument.name.utf8), linkTarget: [], kind: .file,
            permissions: 0o444, owner: 0, group: 0, sizeInBytes: Int64(contents.count),
            modified: .init(seconds: 0, nanoseconds: 0), device: .init(rawValue: 0),
            attributes: [], sparse: nil)
        let padding = (512 - contents.count % 512) % 512 + 1024
        return TarHeaderBlock(entry).bytes + contents + Array(repeating: 0, count: padding)
    }

    /// An empty member of gzip whose extra field says where the table of contents begins
    /// (docs/estargz.md, footer).
    private static func footer(_ start: Int64) -> [UInt8] {
        let digits = String(start, radix: 16)
        let place = String(repeating: "0", count: 16 - digits.utf8.count) + digits + "STARGZ"
        let header: [UInt8] = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 26, 0]
        let empty: [UInt8] = [1, 0, 0, 0xff, 0xff]  // a stored block without bytes, the last one
        return header + "SG".utf8 + [22, 0] + place.utf8 + empty + Array(repeating: 0, count: 8)
    }

    /// A frame that decompressors pass over (RFC 8878, 3.1.2).
    private static func skippable(_ bytes: [UInt8]) -> [UInt8] {
        [0x50, 0x2a, 0x4d, 0x18] + Self.bytes(Int64(bytes.count)).prefix(4) + bytes
    }

    /// A number with its lowest byte first.
    private static func bytes(_ number: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}

/// Hashes what passes.
private final class HashedSource: ByteSource {
    private let upstream: any ByteSource
    private(set) var hasher: ContentHasher

    init(_ upstream: any ByteSource, _ hasher: ContentHasher) {
        self.upstream = upstream
        self.hasher = hasher
    }

    func nextChunk() throws(Problem) -> Chunk? {
        guard let chunk = try upstream.nextChunk() else { return nil }
        hasher.update(chunk.bytes)
        return chunk
    }
}
