import CLinux
import Glibc
import SystemPackage

/// Reading and writing bytes.
extension OwnedFD {
    /// Reads what is there, at most the buffer's size; 0 is the end.
    ///
    /// The system call is `read(2)`.
    package borrowing func read(into buffer: UnsafeMutableRawBufferPointer)
        throws(SystemCallError) -> Int
    {
        try kernel("read", describe(rawValue)) {
            Glibc.read(rawValue, buffer.baseAddress, buffer.count)
        }
    }

    /// Reads what is there, at most the buffer's size; nil where nothing is yet (`O_NONBLOCK`).
    package borrowing func readIfReady(into buffer: UnsafeMutableRawBufferPointer)
        throws(SystemCallError) -> Int?
    {
        let count = try kernel("read", describe(rawValue)) {
            let count = Glibc.read(rawValue, buffer.baseAddress, buffer.count)
            return count == -1 && clinux_errno() == EAGAIN ? -2 : count
        }
        return count == -2 ? nil : count
    }

    /// Reads at an offset in bytes without moving the descriptor's own.
    ///
    /// The system call is `pread(2)`.
    package borrowing func read(
        into buffer: UnsafeMutableRawBufferPointer, atOffsetInBytes offset: Int64
    ) throws(SystemCallError) -> Int {
        try kernel("pread", describe(rawValue)) {
            Glibc.pread(rawValue, buffer.baseAddress, buffer.count, Int(offset))
        }
    }

    /// Reads at most this many bytes, once.
    package borrowing func read(upToBytes limit: Int) throws(SystemCallError) -> [UInt8] {
        var refusal: SystemCallError?
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            do throws(SystemCallError) {
                count = try read(into: UnsafeMutableRawBufferPointer(buffer))
            } catch {
                refusal = error
            }
        }
        if let refusal { throw refusal }
        return bytes
    }

    /// Reads to the end.
    package borrowing func readAll() throws(SystemCallError) -> [UInt8] {
        var bytes: [UInt8] = []
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 16384, alignment: 1)
        defer { chunk.deallocate() }
        while true {
            let count = try read(into: chunk)
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }

    /// Reads to the end; nil where that is more than a number of bytes away.
    package borrowing func readAll(upToBytes limit: Int) throws(SystemCallError) -> [UInt8]? {
        var bytes: [UInt8] = []
        while true {
            let more = try read(upToBytes: 16384)
            if more.isEmpty { return bytes }
            guard bytes.count + more.count <= limit else { return nil }
            bytes += more
        }
    }

    /// Writes as much as fits now.
    ///
    /// The system call is `write(2)`.
    package borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(SystemCallError) -> Int {
        try kernel("write", describe(rawValue)) {
            Glibc.write(rawValue, bytes.baseAddress, bytes.count)
        }
    }

    /// Writes at an offset in bytes without moving the descriptor's own; as much as fits now.
    ///
    /// The system call is `pwrite(2)`.
    package borrowing func write(
        _ bytes: UnsafeRawBufferPointer, atOffsetInBytes offset: Int64
    ) throws(SystemCallError) -> Int {
        try kernel("pwrite", describe(rawValue)) {
            Glibc.pwrite(rawValue, bytes.baseAddress, bytes.count, Int(offset))
        }
    }

    /// Writes everything, in as many calls as that needs.
    package borrowing func writeAll(_ bytes: UnsafeRawBufferPointer) throws(SystemCallError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            rest = rest.dropFirst(try write(UnsafeRawBufferPointer(rebasing: rest)))
        }
    }

    /// Writes everything, in as many calls as that needs.
    package borrowing func writeAll(_ bytes: [UInt8]) throws(SystemCallError) {
        var refusal: SystemCallError?
        bytes.withUnsafeBytes { buffer in
            do throws(SystemCallError) {
                try writeAll(buffer)
            } catch {
                refusal = error
            }
        }
        if let refusal { throw refusal }
    }

    /// Writes a text as UTF-8.
    package borrowing func writeAll(_ text: String) throws(SystemCallError) {
        try writeAll(Array(text.utf8))
    }
}
