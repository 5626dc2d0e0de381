import Linux
import NIOCore
import NIOPosix
import SystemPackage

/// A part of a file on its way to a server, read portion by portion as the network takes them.
struct FileBody: AsyncSequence, Sendable {
    /// The file; each request reads from its own offset.
    let file: HeldFile
    /// The bytes to send.
    let range: Range<Int64>
    /// Learns the offset up to which bytes were read.
    let progress: @Sendable (Int64) -> Void

    /// What is read at once.
    private static let portionInBytes = 256 << 10

    /// How many bytes are sent.
    var sizeInBytes: Int64 { range.upperBound - range.lowerBound }

    func makeAsyncIterator() -> Iterator { Iterator(body: self, offset: range.lowerBound) }

    struct Iterator: AsyncIteratorProtocol {
        fileprivate let body: FileBody
        fileprivate var offset: Int64

        mutating func next() async throws -> ByteBuffer? {
            let rest = Int(body.range.upperBound - offset)
            guard rest > 0 else { return nil }
            let count = rest < FileBody.portionInBytes ? rest : FileBody.portionInBytes
            let (file, start) = (body.file, offset)
            let portion = try await blocking { try file.portion(at: start, count: count) }
            offset += Int64(portion.readableBytes)
            body.progress(offset)
            return portion
        }
    }
}

/// An open file that several requests read from.
final class HeldFile: Sendable {
    private let file: OwnedFD

    init(_ file: consuming OwnedFD) { self.file = file }

    /// Reads bytes at a place.
    ///
    /// - Throws: a `SystemCallError`; also when the file is shorter than it should be.
    fileprivate func portion(at offset: Int64, count: Int) throws -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        while buffer.readableBytes < count {
            let place = offset + Int64(buffer.readableBytes)
            let missing = count - buffer.readableBytes
            let read = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: missing) {
                try file.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: $0[..<missing]),
                    atOffsetInBytes: place)
            }
            guard read > 0 else {
                throw SystemCallError(call: "pread", subject: "the blob", errno: .ioError)
            }
        }
        return buffer
    }
}
