import Diagnostics
import Linux
import Storage

/// The chunks that another thread pushes into a queue.
final class QueueSource: ByteSource {
    private let queue: BoundedQueue<Chunk>

    init(_ queue: BoundedQueue<Chunk>) { self.queue = queue }

    func nextChunk() throws(Problem) -> Chunk? { queue.pop() }
}

/// The bytes of an open file, from its offset to its end.
final class FileSource: ByteSource {
    private let file: OwnedFD
    private let name: String

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - file: open for reading.
    ///   - name: what it is, for errors: "the archive image.tar".
    init(_ file: consuming OwnedFD, named name: String) {
        self.file = file
        self.name = name
    }

    func nextChunk() throws(Problem) -> Chunk? {
        let chunk = Chunk(capacity: Chunk.usualCapacity)
        let count = try chunk.fill { buffer throws(Problem) in
            do throws(SystemCallError) {
                return try file.read(into: buffer)
            } catch {
                throw Problem(error, what: "cannot read \(name)")
            }
        }
        return count == 0 ? nil : chunk
    }
}

/// A range of an open file, which others may read at the same time.
final class FileRangeSource: ByteSource {
    private let file: SharedFile
    private var position: Int64
    private let end: Int64

    init(_ file: SharedFile, range: Range<Int64>) {
        self.file = file
        position = range.lowerBound
        end = range.upperBound
    }

    func nextChunk() throws(Problem) -> Chunk? {
        guard position < end else { return nil }
        let rest = end - position
        let chunk = Chunk(capacity: Int(min(rest, Int64(Chunk.usualCapacity))))
        let count = try chunk.fill { buffer throws(Problem) in
            try file.read(into: buffer, at: position)
        }
        guard count > 0 else {
            throw Problem(
                kind: .corrupt, what: "cannot read \(file.name)",
                why: "it ends \(rest) bytes too early")
        }
        position += Int64(count)
        return chunk
    }
}

/// An open file that several readers share, each at its own position.
final class SharedFile: Sendable {
    let name: String
    private let file: OwnedFD

    init(_ file: consuming OwnedFD, named name: String) {
        self.file = file
        self.name = name
    }

    /// What the file is.
    func status() throws(SystemCallError) -> FileStatus { try FileStatus(of: file) }

    /// Writes at the file's offset.
    func write(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
        do throws(SystemCallError) {
            try file.writeAll(bytes)
        } catch {
            throw Problem(error, what: "cannot write \(name)")
        }
    }

    /// Reads at the file's offset; 0 is the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(Problem) -> Int {
        do throws(SystemCallError) {
            return try file.read(into: buffer)
        } catch {
            throw Problem(error, what: "cannot read \(name)")
        }
    }

    /// Reads at a position; 0 is the end.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, at position: Int64
    ) throws(Problem) -> Int {
        do throws(SystemCallError) {
            return try file.read(into: buffer, atOffsetInBytes: position)
        } catch {
            throw Problem(error, what: "cannot read \(name)")
        }
    }
}

/// Chunks that are in memory, and then those of another source.
final class MemorySource: ByteSource {
    private var chunks: [Chunk]
    private let rest: (any ByteSource)?

    init(_ chunks: [Chunk], then rest: (any ByteSource)? = nil) {
        self.chunks = chunks.reversed()
        self.rest = rest
    }

    /// Bytes in portions of a size.
    convenience init(_ bytes: [UInt8], portion: Int = Chunk.usualCapacity) {
        let chunks = stride(from: 0, to: bytes.count, by: portion).map { start in
            bytes[start..<min(start + portion, bytes.count)].withUnsafeBytes {
                Chunk(copying: $0)
            }
        }
        self.init(chunks)
    }

    func nextChunk() throws(Problem) -> Chunk? {
        if let chunk = chunks.popLast() { return chunk }
        return try rest?.nextChunk()
    }
}
