import NIOCore

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
