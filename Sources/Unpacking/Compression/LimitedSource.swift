import Diagnostics
import Storage

/// Counts the bytes of a source and ends it past a limit.
final class LimitedSource: ByteSource {
    private let source: any ByteSource
    private let limit: ArchiveLimit
    private var rest: Int64

    init(_ source: any ByteSource, limit: ArchiveLimit) {
        self.source = source
        self.limit = limit
        rest = limit.bytes
    }

    func nextChunk() throws(Problem) -> Chunk? {
        guard let chunk = try source.nextChunk() else { return nil }
        rest -= Int64(chunk.bytes.count)
        guard rest >= 0 else {
            throw Problem(
                kind: .invalid, what: "cannot decompress the archive",
                why: "it has more than the \(limit.bytes) bytes that are allowed",
                fix: "if you trust it, allow more: \(ArchiveLimit.variable)=1t")
        }
        return chunk
    }
}
