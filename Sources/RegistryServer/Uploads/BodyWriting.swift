import Diagnostics
import NIOCore
import Registry

/// A request's body on its way into an upload.
///
/// While one portion is hashed and written the next one arrives, and no more than that.
extension UploadSession {
    /// How much is written at once.
    private static let portionInBytes = 1 << 20

    /// Writes a body to its end; what has arrived of one that breaks off is written, too.
    ///
    /// - Returns: its length.
    func write(_ body: RequestBody) async throws -> Int64 {
        var total: Int64 = 0
        var gathered = ByteBuffer()
        var writing: Task<Void, any Error>?
        var broken: (any Error)?
        do {
            while let portion = try await body.next() {
                total += Int64(portion.readableBytes)
                gathered.writeImmutableBuffer(portion)
                guard gathered.readableBytes >= Self.portionInBytes else { continue }
                try await writing?.value
                writing = start(gathered)
                gathered = ByteBuffer()
            }
        } catch {
            broken = error
        }
        try await writing?.value
        if gathered.readableBytes > 0 { try await start(gathered).value }
        if let broken { throw broken }
        return total
    }

    private func start(_ portion: ByteBuffer) -> Task<Void, any Error> {
        Task { try await blocking { [self] in try write(portion) } }
    }
}
