import Diagnostics
import Synchronization

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
        storage = ChunkMemory.shared.take(capacity)
    }

    /// A chunk of bytes that belong to someone else.
    convenience init(copying bytes: UnsafeRawBufferPointer) {
        self.init(
            capacity: bytes.count > Self.usualCapacity / 4
                ? Self.usualCapacity : max(bytes.count, 1))
        storage.copyMemory(from: bytes)
        count = bytes.count
    }

    deinit { ChunkMemory.shared.giveBack(storage) }

    /// The bytes, valid while the chunk is.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage[..<count]) }

    /// Whether there is no free space left.
    var isFull: Bool { count == storage.count }

    /// Lets something write into the chunk's free space and say how many bytes it wrote.
    func fill(
        _ body: (UnsafeMutableRawBufferPointer) throws(Problem) -> Int
    ) throws(Problem) -> Int {
        let written = try body(UnsafeMutableRawBufferPointer(rebasing: storage[count...]))
        count += written
        return written
    }
}

/// Memory of past chunks for the next ones.
///
/// Chunks are made by one thread and dropped by another; the C library would give their pages back
/// and fetch new ones from the kernel for each, which costs more than the decompression.
private final class ChunkMemory: Sendable {
    static let shared = ChunkMemory()

    /// What is kept at most: 8 MiB.
    private static let limit = 32

    private let free = Mutex<[Address]>([])

    private struct Address: @unchecked Sendable {  // memory that nobody uses belongs to no thread
        let memory: UnsafeMutableRawBufferPointer
    }

    func take(_ capacity: Int) -> UnsafeMutableRawBufferPointer {
        if capacity == Chunk.usualCapacity, let kept = free.withLock({ $0.popLast() }) {
            return kept.memory
        }
        return .allocate(byteCount: capacity, alignment: 64)
    }

    func giveBack(_ memory: UnsafeMutableRawBufferPointer) {
        let address = Address(memory: memory)
        let isKept = free.withLock { free in
            guard memory.count == Chunk.usualCapacity, free.count < Self.limit else { return false }
            free.append(address)
            return true
        }
        if !isKept { memory.deallocate() }
    }
}

/// Something that gives bytes, portion by portion.
protocol ByteSource: AnyObject {
    /// The next portion, never empty; nil at the end.
    func nextChunk() throws(Problem) -> Chunk?
}
