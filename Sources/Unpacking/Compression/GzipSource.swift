import CISAL
import Diagnostics

/// Decompresses gzip (RFC 1952), also of several members, by ISA-L.
final class GzipSource: ByteSource {
    private let upstream: any ByteSource
    private let state = UnsafeMutablePointer<inflate_state>.allocate(capacity: 1)
    private var input: Chunk?
    private var isAtEnd = false
    private var isBetweenMembers = true

    init(_ upstream: any ByteSource) {
        self.upstream = upstream
        isal_inflate_init(state)
        state.pointee.avail_in = 0
    }

    deinit { state.deallocate() }

    func nextChunk() throws(Problem) -> Chunk? {
        guard !isAtEnd else { return nil }
        let output = Chunk(capacity: Chunk.usualCapacity)
        let count = try output.fill { buffer throws(Problem) in try inflate(into: buffer) }
        return count == 0 ? nil : output
    }

    private func inflate(into buffer: UnsafeMutableRawBufferPointer) throws(Problem) -> Int {
        state.pointee.next_out = buffer.assumingMemoryBound(to: UInt8.self).baseAddress
        state.pointee.avail_out = UInt32(buffer.count)
        while state.pointee.avail_out > 0 {
            if isBetweenMembers {
                guard try beginMember() else { break }
            }
            let before = state.pointee.avail_out
            let inputBefore = state.pointee.avail_in
            let result = isal_inflate(state)
            guard result == ISAL_DECOMP_OK || result == ISAL_END_INPUT else {
                throw damaged("gzip", "ISA-L reports error \(result)")
            }
            if state.pointee.block_state == ISAL_BLOCK_FINISH {
                isBetweenMembers = true
                continue
            }
            let hasProgress =
                state.pointee.avail_out != before || state.pointee.avail_in != inputBefore
            if state.pointee.avail_in == 0, state.pointee.avail_out > 0 {
                guard try refill() else { throw damaged("gzip", "it ends too early") }
            } else if !hasProgress {
                throw damaged("gzip", "it makes no sense past some point")
            }
        }
        return buffer.count - Int(state.pointee.avail_out)
    }

    /// Prepares for the next member; false at the end, where zeros may pad the file.
    private func beginMember() throws(Problem) -> Bool {
        if state.pointee.avail_in == 0, try !refill() {
            isAtEnd = true
            return false
        }
        if state.pointee.next_in.pointee == 0 {
            try skipPadding()
            isAtEnd = true
            return false
        }
        isal_inflate_reset(state)
        state.pointee.crc_flag = UInt32(ISAL_GZIP)
        isBetweenMembers = false
        return true
    }

    private func skipPadding() throws(Problem) {
        repeat {
            let rest = UnsafeBufferPointer(
                start: state.pointee.next_in, count: Int(state.pointee.avail_in))
            guard rest.allSatisfy({ $0 == 0 }) else {
                throw damaged("gzip", "other data follows its end")
            }
        } while try refill()
    }

    private func refill() throws(Problem) -> Bool {
        input = try upstream.nextChunk()
        guard let bytes = input?.bytes else {
            state.pointee.avail_in = 0
            return false
        }
        // ISA-L only reads through this pointer; its declaration lacks the const.
        state.pointee.next_in = UnsafeMutablePointer(
            mutating: bytes.assumingMemoryBound(to: UInt8.self).baseAddress)
        state.pointee.avail_in = UInt32(bytes.count)
        return true
    }
}
