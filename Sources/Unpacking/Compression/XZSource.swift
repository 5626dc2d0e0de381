import CLZMA
import Diagnostics

/// Decompresses xz, also of several streams, by liblzma.
final class XZSource: ByteSource {
    private let upstream: any ByteSource
    private let stream = UnsafeMutablePointer<lzma_stream>.allocate(capacity: 1)
    private var input: Chunk?
    private var isInputAtEnd = false
    private var isAtEnd = false

    /// What a decoder may use: xz -9 needs 65 MiB.
    private static let memoryLimitInBytes: UInt64 = 256 << 20

    init(_ upstream: any ByteSource) throws(Problem) {
        self.upstream = upstream
        stream.initialize(to: lzma_stream())
        let concatenated: UInt32 = 0x08  // LZMA_CONCATENATED
        guard lzma_stream_decoder(stream, Self.memoryLimitInBytes, concatenated) == LZMA_OK else {
            throw Problem(
                kind: .exhausted, what: "cannot decompress the xz data", why: "out of memory")
        }
    }

    deinit {
        lzma_end(stream)
        stream.deallocate()
    }

    func nextChunk() throws(Problem) -> Chunk? {
        guard !isAtEnd else { return nil }
        let output = Chunk(capacity: Chunk.usualCapacity)
        let count = try output.fill { buffer throws(Problem) in try decompress(into: buffer) }
        return count == 0 ? nil : output
    }

    private func decompress(into buffer: UnsafeMutableRawBufferPointer) throws(Problem) -> Int {
        stream.pointee.next_out = buffer.assumingMemoryBound(to: UInt8.self).baseAddress
        stream.pointee.avail_out = buffer.count
        while stream.pointee.avail_out > 0, !isAtEnd {
            if stream.pointee.avail_in == 0, !isInputAtEnd { try refill() }
            let result = lzma_code(stream, isInputAtEnd ? LZMA_FINISH : LZMA_RUN)
            switch result {
            case LZMA_OK: continue
            case LZMA_STREAM_END: isAtEnd = true
            case LZMA_BUF_ERROR: throw damaged("xz", "it ends too early")
            case LZMA_MEMLIMIT_ERROR: throw damaged("xz", "it needs more than 256 MiB of memory")
            default: throw damaged("xz", "liblzma reports error \(result.rawValue)")
            }
        }
        return buffer.count - stream.pointee.avail_out
    }

    private func refill() throws(Problem) {
        input = try upstream.nextChunk()
        guard let bytes = input?.bytes else {
            isInputAtEnd = true
            return
        }
        stream.pointee.next_in = bytes.assumingMemoryBound(to: UInt8.self).baseAddress
        stream.pointee.avail_in = bytes.count
    }
}
