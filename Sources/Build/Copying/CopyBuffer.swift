import Linux

/// Memory for the bytes of files on their way.
final class CopyBuffer {
    private let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)

    deinit { bytes.deallocate() }

    /// The next bytes of a file, good until the next call; empty at its end.
    func read(from file: borrowing OwnedFD) throws(SystemCallError) -> UnsafeRawBufferPointer {
        let count = try file.read(into: bytes)
        return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<count])
    }
}
