import Diagnostics

/// A position in a source, to read it in portions of any size without copying.
struct ByteCursor {
    private let source: any ByteSource
    private var chunk: Chunk?
    private var position = 0

    init(_ source: any ByteSource) { self.source = source }

    /// The next bytes, at most this many, valid until the next call; empty at the end.
    mutating func next(atMost limit: Int) throws(Problem) -> UnsafeRawBufferPointer {
        while true {
            if let bytes = chunk?.bytes, position < bytes.count {
                let end = min(position + limit, bytes.count)
                defer { position = end }
                return UnsafeRawBufferPointer(rebasing: bytes[position..<end])
            }
            position = 0
            chunk = try source.nextChunk()
            if chunk == nil { return UnsafeRawBufferPointer(start: nil, count: 0) }
        }
    }

    /// Exactly this many bytes in memory of their own, or fewer at the end.
    mutating func read(_ count: Int) throws(Problem) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(count, 1 << 16))
        while bytes.count < count {
            let portion = try next(atMost: count - bytes.count)
            if portion.isEmpty { break }
            bytes.append(contentsOf: portion)
        }
        return bytes
    }

    /// Passes over bytes.
    ///
    /// - Returns: false when the source ends before.
    mutating func skip(_ count: Int64) throws(Problem) -> Bool {
        var rest = count
        while rest > 0 {
            let portion = try next(atMost: Int(min(rest, Int64(Int32.max))))
            if portion.isEmpty { return false }
            rest -= Int64(portion.count)
        }
        return true
    }

    /// Passes over all that is left.
    mutating func drain() throws(Problem) {
        chunk = nil
        while try source.nextChunk() != nil {}
    }
}
