import CZstd
import Diagnostics
import OCI

/// Compresses to one frame of zstd (RFC 8878) with a checksum, by libzstd.
///
/// The same bytes give the same frame wherever the library has the same version.
final class ZstdCompression: ByteSource {
    private let upstream: any ByteSource
    private let context: OpaquePointer
    private var input: Chunk?
    private var position = ZSTD_inBuffer()
    private var isInputAtEnd = false
    private var isAtEnd = false

    /// - Parameters:
    ///   - upstream: what is compressed.
    ///   - level: 0 to 22 as zstd has them; nil is its usual one.
    /// - Throws: `.exhausted` when there is no memory.
    init(_ upstream: any ByteSource, level: Int? = nil) throws(Problem) {
        self.upstream = upstream
        guard let context = ZSTD_createCCtx() else {
            throw Problem(
                kind: .exhausted, what: "cannot compress by zstd", why: "out of memory")
        }
        self.context = context
        // Neither can be refused: the library takes the nearest level that it has.
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level ?? 3))
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    }

    deinit { ZSTD_freeCCtx(context) }

    func nextChunk() throws(Problem) -> Chunk? {
        let output = Chunk(capacity: Chunk.usualCapacity)
        let count = try output.fill { buffer throws(Problem) in try compress(into: buffer) }
        return count == 0 ? nil : output
    }

    private func compress(into buffer: UnsafeMutableRawBufferPointer) throws(Problem) -> Int {
        var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        while output.pos < output.size, !isAtEnd {
            if position.pos == position.size, !isInputAtEnd { try refill() }
            let result = ZSTD_compressStream2(
                context, &output, &position, isInputAtEnd ? ZSTD_e_end : ZSTD_e_continue)
            guard ZSTD_isError(result) == 0 else {
                throw Problem(
                    kind: .bug, what: "cannot compress by zstd",
                    why: String(cString: ZSTD_getErrorName(result)))
            }
            isAtEnd = isInputAtEnd && result == 0
        }
        return output.pos
    }

    private func refill() throws(Problem) {
        input = try upstream.nextChunk()
        guard let bytes = input?.bytes else {
            isInputAtEnd = true
            position = ZSTD_inBuffer()
            return
        }
        position = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    }
}

/// The bytes of a source as a layer's blob has them.
func compressed(
    _ source: any ByteSource, as compression: LayerCompression, level: Int? = nil
) throws(Problem) -> any ByteSource {
    switch compression {
    case .uncompressed: source
    case .gzip: GzipCompression(source, level: level)
    case .zstd: try ZstdCompression(source, level: level)
    }
}
