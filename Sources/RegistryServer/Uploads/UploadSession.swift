import Diagnostics
import NIOCore
import OCI
import Storage
import Synchronization

/// One upload that this process has open.
///
/// One request at a time writes to it.
final class UploadSession: Sendable {
    let name: UploadName
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var writer: BlobWriter?
        var offsetInBytes: Int64
        var isHeld = false
        var used = ContinuousClock.now
    }

    init(_ name: UploadName, writing writer: consuming sending BlobWriter) {
        self.name = name
        let offset = writer.offsetInBytes
        state = Mutex(State(writer: consume writer, offsetInBytes: offset))
    }

    /// How many bytes have arrived.
    var offsetInBytes: Int64 { state.withLock { $0.offsetInBytes } }

    /// When somebody wrote last.
    var used: ContinuousClock.Instant { state.withLock { $0.used } }

    /// Whether a request writes to it now.
    var isHeld: Bool { state.withLock { $0.isHeld } }

    /// Takes it for one request; false while another one has it.
    func hold() -> Bool {
        state.withLock { state in
            guard !state.isHeld else { return false }
            state.isHeld = true
            return true
        }
    }

    /// Lets the next request have it.
    func release() {
        state.withLock { state in
            state.isHeld = false
            state.used = .now
        }
    }

    /// Adds a portion.
    ///
    /// After an error, as of a full disk, the upload has ended here. Its file has what was written,
    /// and may be found again.
    func write(_ portion: ByteBuffer) throws(Problem) {
        try state.withLock { state throws(Problem) in
            guard var writer = state.writer.take() else { throw Self.ended }
            var problem: Problem?
            portion.withUnsafeReadableBytes { bytes in
                do throws(Problem) {
                    try writer.write(bytes)
                } catch {
                    problem = error
                }
            }
            if let problem { throw problem }
            state.offsetInBytes = writer.offsetInBytes
            state.writer = consume writer
        }
    }

    /// Says which digest the whole must have, when a hasher of that kind is needed from the start.
    func expect(_ digest: Digest) throws(Problem) {
        try state.withLock { state throws(Problem) in try state.writer?.expect(digest) }
    }

    /// Verifies what has arrived and makes it a blob.
    ///
    /// - Parameters:
    ///   - digest: what it must have.
    ///   - content: the store.
    ///   - protect: is called once the digest is right and before the blob is in place.
    /// - Throws: `.corrupt` when the digest is another; the upload is over in any case.
    func finish(
        as digest: Digest, in content: ContentStore, protect: () throws(Problem) -> Void
    ) throws(Problem) {
        try state.withLock { state throws(Problem) in
            guard var writer = state.writer.take() else { throw Self.ended }
            try writer.expect(digest)
            _ = try writer.seal()
            try protect()
            if content.contains(digest) {
                try writer.discard()  // somebody else was faster
            } else {
                try writer.place(as: digest)
            }
        }
    }

    /// Removes what has arrived.
    func discard() throws(Problem) {
        try state.withLock { state throws(Problem) in
            guard let writer = state.writer.take() else { return }
            try writer.discard()
        }
    }

    private static let ended = Problem(
        kind: .conflict, what: "cannot go on with the upload", why: "it has ended meanwhile")
}
