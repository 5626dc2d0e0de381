import Diagnostics
import Linux
import Storage

/// Writes a tar archive member by member: ustar, with a PAX header for what does not fit it.
///
/// The same members give the same bytes, on any machine. Owners are numbers, and the only time is
/// that of the last change.
struct TarWriter {
    /// Takes each portion of the archive.
    typealias Emit = (Chunk) throws(Problem) -> Void

    private let emit: Emit
    private var chunk = Chunk(capacity: Chunk.usualCapacity)

    /// Writes an archive whose portions go to `emit`.
    init(_ emit: @escaping Emit) { self.emit = emit }

    /// Writes a member's header; of a file, exactly `sizeInBytes` bytes must follow.
    mutating func begin(_ entry: TarEntry) throws(Problem) {
        let header = TarHeaderBlock(entry)
        if !header.pax.records.isEmpty {
            let data = header.pax.encoded
            try write(TarHeaderBlock(extensionOf: entry, sizeInBytes: Int64(data.count)).bytes)
            try write(data)
            try writeZeros(padding(data.count))
        }
        try write(header.bytes)
    }

    /// Writes a file's whole data, which is in memory.
    mutating func writeData(_ bytes: [UInt8]) throws(Problem) {
        try write(bytes)
        try writeZeros(padding(bytes.count))
    }

    /// Writes a file's data as it comes.
    ///
    /// - Throws: `.corrupt` when it is not exactly as much as the header said.
    mutating func writeData(
        from source: any ByteSource, sizeInBytes: Int64, named name: String
    ) throws(Problem) {
        var rest = sizeInBytes
        while let bytes = try source.nextChunk() {
            rest -= Int64(bytes.bytes.count)
            guard rest >= 0 else { break }
            try write(bytes.bytes)
        }
        guard rest == 0 else {
            throw Problem(
                kind: .corrupt, what: "cannot write \(name) into the archive",
                why: "it does not have the \(sizeInBytes) bytes that it should have",
                fix: "check the store: kade system check")
        }
        try writeZeros(Int64((512 - sizeInBytes % 512) % 512))
    }

    /// Copies a file's data; gaps of a sparse file are not read.
    ///
    /// - Parameters:
    ///   - file: read from its beginning.
    ///   - status: what it was when its header was written.
    ///   - name: what it is, for errors.
    /// - Returns: false when the file has become shorter meanwhile: zeros then stand for the rest.
    /// - Throws: what the kernel refuses, and what the taker of the archive throws.
    mutating func copyData(
        of file: borrowing OwnedFD, _ status: FileStatus, named name: @autoclosure () -> String
    ) throws(Problem) -> Bool {
        let size = status.sizeInBytes
        var position: Int64 = 0
        let isSparse = status.allocatedInBytes < size
        while position < size {
            var end = size
            if isSparse {
                let data = try asking("cannot read \(name())") { () throws(SystemCallError) in
                    try file.dataRange(fromOffsetInBytes: position)
                }
                let start = min(data?.lowerBound ?? size, size)
                try writeZeros(start - position)
                position = start
                end = min(data?.upperBound ?? size, size)
            }
            let copied = try copy(file, position..<end, name())
            position += copied
            if position < end { break }
        }
        try writeZeros(size - position)
        try writeZeros(padding(Int(size)))
        // A gap at the end looks like the end of the file.
        let now = try asking("cannot read \(name())") { () throws(SystemCallError) in
            try FileStatus(of: file).sizeInBytes
        }
        return now >= size
    }

    /// Writes the archive's end, two blocks of zeros, and hands on what is left.
    mutating func finish() throws(Problem) {
        try writeZeros(1024)
        if !chunk.bytes.isEmpty { try emit(chunk) }
    }

    /// Copies a range as far as there is data, and says how far that is.
    private mutating func copy(
        _ file: borrowing OwnedFD, _ range: Range<Int64>, _ name: @autoclosure () -> String
    ) throws(Problem) -> Int64 {
        var position = range.lowerBound
        while position < range.upperBound {
            let rest = Int(min(range.upperBound - position, 1 << 30))
            let count = try chunk.fill { free throws(Problem) in
                let portion = UnsafeMutableRawBufferPointer(rebasing: free.prefix(rest))
                do throws(SystemCallError) {
                    return try file.read(into: portion, atOffsetInBytes: position)
                } catch {
                    throw Problem(error, what: "cannot read \(name())")
                }
            }
            guard count > 0 else { break }
            position += Int64(count)
            try emitIfFull()
        }
        return position - range.lowerBound
    }

    private mutating func write(_ bytes: some RandomAccessCollection<UInt8>) throws(Problem) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try chunk.fill { free throws(Problem) in
                let count = min(free.count, rest.count)
                free.copyBytes(from: rest.prefix(count))
                return count
            }
            rest = rest.dropFirst(count)
            try emitIfFull()
        }
    }

    private mutating func writeZeros(_ count: Int64) throws(Problem) {
        var rest = count
        while rest > 0 {
            let count = try chunk.fill { free throws(Problem) in
                let count = Int(min(Int64(free.count), rest))
                free.prefix(count).initializeMemory(as: UInt8.self, repeating: 0)
                return count
            }
            rest -= Int64(count)
            try emitIfFull()
        }
    }

    private func padding(_ count: Int) -> Int64 { Int64((512 - count % 512) % 512) }

    private mutating func emitIfFull() throws(Problem) {
        guard chunk.isFull else { return }
        try emit(chunk)
        chunk = Chunk(capacity: Chunk.usualCapacity)
    }
}
