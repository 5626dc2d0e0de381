import Diagnostics
import Storage

/// How content is compressed, found by its first bytes.
enum CompressionFormat: Sendable {
    case none, gzip, zstd, xz, bzip2

    /// Looks at the first six bytes (or fewer, where there are no more).
    init(magic: some Collection<UInt8>) {
        let start = Array(magic.prefix(6))
        if start.starts(with: [0x1F, 0x8B]) {
            self = .gzip
        } else if start.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
            self = .zstd
        } else if start.count >= 4, start[0] & 0xF0 == 0x50,
            start[1...].starts(with: [0x2A, 0x4D, 0x18])
        {
            self = .zstd  // a skippable frame comes first (RFC 8878 § 3.1.2)
        } else if start == [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00] {
            self = .xz
        } else if start.starts(with: [0x42, 0x5A, 0x68]) {
            self = .bzip2
        } else {
            self = .none
        }
    }
}

/// The uncompressed bytes of a source, whatever its compression.
///
/// - Throws: `.exhausted` when there is no memory. The bytes end with `.invalid` past the limit.
func decompressed(
    _ source: any ByteSource, limit: ArchiveLimit
) throws(Problem) -> any ByteSource {
    LimitedSource(try decompressed(source), limit: limit)
}

private func decompressed(_ source: any ByteSource) throws(Problem) -> any ByteSource {
    var start: [Chunk] = []
    var magic: [UInt8] = []
    while magic.count < 6, let chunk = try source.nextChunk() {
        start.append(chunk)
        magic += chunk.bytes.prefix(6)
    }
    let whole = MemorySource(start, then: source)
    switch CompressionFormat(magic: magic) {
    case .none: return whole
    case .gzip: return GzipSource(whole)
    case .zstd: return try ZstdSource(whole)
    case .xz: return try XZSource(whole)
    case .bzip2: return BZip2Source(whole)
    }
}

/// The error of compressed data that is damaged.
func damaged(_ format: String, _ why: String) -> Problem {
    Problem(
        kind: .corrupt, what: "cannot decompress the \(format) data", why: why,
        fix: "get the content again; if it stays so, its source is damaged")
}
