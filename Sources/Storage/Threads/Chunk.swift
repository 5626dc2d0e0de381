import Diagnostics

/// A portion of bytes that is filled once and may then be read by several threads.
///
/// `@unchecked Sendable`: ``count`` and the bytes change only through ``fill(_:)``, which its maker
/// calls before it hands the chunk on; the queues between threads order that before every read.
final class Chunk: @unchecked Sendable {
    /// The usual size: enough that a queue's cost does not matter, little enough for the cache.
    static let usualCapacity = 1 << 18

    private let storage: UnsafeMutableRawBufferPointer
    private var count = 0

    init(capacity: Int) {
        storage = .allocate(byteCount: capacity, alignment: 64)
    }

    /// A chunk of bytes that belong to someone else.
    convenience init(copying bytes: UnsafeRawBufferPointer) {
        self.init(capacity: max(bytes.count, 1))
        storage.copyMemory(from: bytes)
        count = bytes.count
    }

    deinit { storage.deallocate() }

    /// The bytes, valid while the chunk is.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage[..<count]) }

    /// Lets something write into the chunk's free space and say how many bytes it wrote.
    func fill(
        _ body: (UnsafeMutableRawBufferPointer) throws(Problem) -> Int
    ) throws(Problem) -> Int {
        let written = try body(UnsafeMutableRawBufferPointer(rebasing: storage[count...]))
        count += written
        return written
    }
}

/// Something that gives bytes, portion by portion.
protocol ByteSource: AnyObject {
    /// The next portion, never empty; nil at the end.
    func nextChunk() throws(Problem) -> Chunk?
}
