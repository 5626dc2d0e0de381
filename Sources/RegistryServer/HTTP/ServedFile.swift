import Linux
import NIOCore
import Registry
import SystemPackage

/// An open blob on its way to a client.
final class ServedFile: Sendable {
    private let file: OwnedFD

    init(_ file: consuming OwnedFD) { self.file = file }

    /// Its size.
    func sizeInBytes() throws(SystemCallError) -> Int64 { try FileStatus(of: file).sizeInBytes }

    /// Reads bytes at a place, as many as are asked for.
    ///
    /// - Throws: a `SystemCallError`; also when the file is shorter than it was.
    func portion(at offset: Int64, sizeInBytes size: Int) async throws -> ByteBuffer {
        try await blocking { [self] in
            var buffer = ByteBufferAllocator().buffer(capacity: size)
            while buffer.readableBytes < size {
                let place = offset + Int64(buffer.readableBytes)
                let missing = size - buffer.readableBytes
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
}
