import CISAL
import Diagnostics

/// Compresses to gzip (RFC 1952) by ISA-L.
///
/// The header has no name and no time. ISA-L chooses its code by the processor, so that the same
/// bytes may give another archive on another machine; each is as good.
final class GzipCompression: ByteSource {
    private let upstream: any ByteSource
    private let stream = UnsafeMutablePointer<isal_zstream>.allocate(capacity: 1)
    private let levelBuffer = UnsafeMutablePointer<UInt8>.allocate(
        capacity: GzipCompression.levelBufferInBytes)
    private var input: Chunk?

    /// What ISA-L's level 3 needs, and room for its blocks to be large.
    private static let levelBufferInBytes = 512 << 10

    /// - Parameters:
    ///   - upstream: what is compressed.
    ///   - level: 0 to 9 as gzip has them, of which ISA-L has four; nil is the best.
    init(_ upstream: any ByteSource, level: Int? = nil) {
        self.upstream = upstream
        isal_deflate_init(stream)
        stream.pointee.level = UInt32(min(((level ?? 9) + 2) / 3, 3))
        stream.pointee.level_buf = levelBuffer
        stream.pointee.level_buf_size = UInt32(Self.levelBufferInBytes)
        stream.pointee.gzip_flag = UInt16(IGZIP_GZIP)
        stream.pointee.flush = UInt16(NO_FLUSH)
        stream.pointee.avail_in = 0
    }

    deinit {
        levelBuffer.deallocate()
        stream.deallocate()
    }

    func nextChunk() throws(Problem) -> Chunk? {
        let output = Chunk(capacity: Chunk.usualCapacity)
        let count = try output.fill { buffer throws(Problem) in try deflate(into: buffer) }
        return count == 0 ? nil : output
    }

    private func deflate(into buffer: UnsafeMutableRawBufferPointer) throws(Problem) -> Int {
        stream.pointee.next_out = buffer.assumingMemoryBound(to: UInt8.self).baseAddress
        stream.pointee.avail_out = UInt32(buffer.count)
        while stream.pointee.avail_out > 0, stream.pointee.internal_state.state != ZSTATE_END {
            if stream.pointee.avail_in == 0, stream.pointee.end_of_stream == 0 { try refill() }
            let result = isal_deflate(stream)
            guard result == COMP_OK else {
                throw Problem(
                    kind: .bug, what: "cannot compress by gzip",
                    why: "ISA-L reports error \(result)")
            }
        }
        return buffer.count - Int(stream.pointee.avail_out)
    }

    private func refill() throws(Problem) {
        input = try upstream.nextChunk()
        guard let bytes = input?.bytes else {
            stream.pointee.end_of_stream = 1
            return
        }
        // ISA-L only reads through this pointer; its declaration lacks the const.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(bytes.count)
    }
}
