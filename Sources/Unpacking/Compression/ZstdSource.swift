import CZstd
import Diagnostics

/// Decompresses zstd (RFC 8878), also of several and skippable frames, by libzstd.
final class ZstdSource: ByteSource {
    private let upstream: any ByteSource
    private let stream: OpaquePointer
    private var input: Chunk?
    private var position = ZSTD_inBuffer()
    private var isInsideFrame = false
    private var hasMoreOutput = false

    init(_ upstream: any ByteSource) throws(Problem) {
        self.upstream = upstream
        guard let stream = ZSTD_createDStream() else {
            throw Problem(
                kind: .exhausted, what: "cannot decompress the zstd data", why: "out of memory")
        }
        self.stream = stream
    }

    deinit { ZSTD_freeDStream(stream) }

    func nextChunk() throws(Problem) -> Chunk? {
        let output = Chunk(capacity: Chunk.usualCapacity)
        let count = try output.fill { buffer throws(Problem) in try decompress(into: buffer) }
        return count == 0 ? nil : output
    }

    private func decompress(into buffer: UnsafeMutableRawBufferPointer) throws(Problem) -> Int {
        var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        while output.pos < output.size {
            if position.pos == position.size, !hasMoreOutput, try !refill() {
                guard !isInsideFrame else { throw damaged("zstd", "it ends too early") }
                break
            }
            let result = ZSTD_decompressStream(stream, &output, &position)
            guard ZSTD_isError(result) == 0 else {
                throw damaged("zstd", String(cString: ZSTD_getErrorName(result)))
            }
            isInsideFrame = result != 0
            // A full output may mean that the library holds more than the input shows.
            hasMoreOutput = isInsideFrame && output.pos == output.size
        }
        return output.pos
    }

    private func refill() throws(Problem) -> Bool {
        input = try upstream.nextChunk()
        guard let bytes = input?.bytes else { return false }
        position = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        return true
    }
}
