import CBZip2
import Diagnostics

/// Decompresses bzip2, also of several streams, by libbz2.
///
/// Layers are never compressed so; archives of images and root file systems may be.
final class BZip2Source: ByteSource {
    private let upstream: any ByteSource
    private let stream = UnsafeMutablePointer<bz_stream>.allocate(capacity: 1)
    private var input: Chunk?
    private var isInsideStream = false
    private var isAtEnd = false

    init(_ upstream: any ByteSource) {
        self.upstream = upstream
        stream.initialize(to: bz_stream())
    }

    deinit {
        if isInsideStream { BZ2_bzDecompressEnd(stream) }
        stream.deallocate()
    }

    func nextChunk() throws(Problem) -> Chunk? {
        guard !isAtEnd else { return nil }
        let output = Chunk(capacity: Chunk.usualCapacity)
        let count = try output.fill { buffer throws(Problem) in try decompress(into: buffer) }
        return count == 0 ? nil : output
    }

    private func decompress(into buffer: UnsafeMutableRawBufferPointer) throws(Problem) -> Int {
        stream.pointee.next_out = buffer.assumingMemoryBound(to: CChar.self).baseAddress
        stream.pointee.avail_out = UInt32(buffer.count)
        while stream.pointee.avail_out > 0, !isAtEnd {
            if stream.pointee.avail_in == 0, try !refill() {
                guard !isInsideStream else { throw damaged("bzip2", "it ends too early") }
                isAtEnd = true
                break
            }
            if !isInsideStream { try beginStream() }
            let result = BZ2_bzDecompress(stream)
            switch result {
            case BZ_OK: continue
            case BZ_STREAM_END:
                BZ2_bzDecompressEnd(stream)
                isInsideStream = false
            default: throw damaged("bzip2", "libbz2 reports error \(result)")
            }
        }
        return buffer.count - Int(stream.pointee.avail_out)
    }

    /// Begins the next stream and keeps what input and output there are.
    private func beginStream() throws(Problem) {
        let result = BZ2_bzDecompressInit(stream, 0, 0)
        guard result == BZ_OK else {
            throw Problem(
                kind: .exhausted, what: "cannot decompress the bzip2 data",
                why: "libbz2 reports error \(result)")
        }
        isInsideStream = true
    }

    private func refill() throws(Problem) -> Bool {
        input = try upstream.nextChunk()
        guard let bytes = input?.bytes else { return false }
        // libbz2 only reads through this pointer; its declaration lacks the const.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: bytes.assumingMemoryBound(to: CChar.self).baseAddress)
        stream.pointee.avail_in = UInt32(bytes.count)
        return true
    }
}
