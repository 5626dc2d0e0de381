package import Linux
package import NIOCore
import SystemPackage

/// An open file that several requests read from.
package final class HeldFile: Sendable {
    private let file: OwnedFD

    package init(_ file: consuming OwnedFD) { self.file = file }

    /// Its size.
    package func sizeInBytes() throws(SystemCallError) -> Int64 {
        try FileStatus(of: file).sizeInBytes
    }

    /// Reads bytes at a place.
    ///
    /// - Throws: a `SystemCallError`; also when the file is shorter than it should be.
    package func portion(at offset: Int64, count: Int) throws -> ByteBuffer {
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
