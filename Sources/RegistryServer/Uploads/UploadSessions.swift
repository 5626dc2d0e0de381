import Diagnostics
import Glibc
import Registry
import Storage
import Synchronization

/// The uploads that are under way.
///
/// An upload's bytes are a file of the store. What nobody went on with for a while is closed here,
/// and found again on the disk, as after a new start of the server.
final class UploadSessions: Sendable {
    private let content: ContentStore
    private let sessions = Mutex<[UploadName: UploadSession]>([:])

    /// How long an upload stays open that nobody goes on with.
    private static let patience = Duration.seconds(600)

    init(content: ContentStore) { self.content = content }

    /// Begins an upload.
    func begin(_ algorithm: DigestAlgorithm) async throws -> UploadSession {
        let content = content
        let session = try await blocking {
            let name = UploadName()
            return UploadSession(name, writing: try content.beginUpload(name, algorithm: algorithm))
        }
        sessions.withLock { $0[session.name] = session }
        return session
    }

    /// Finds an upload, here or on the disk.
    func find(_ name: UploadName) async throws -> UploadSession? {
        if let open = sessions.withLock({ $0[name] }) { return open }
        let content = content
        let found = try await blocking { () throws -> UploadSession? in
            var resumed = try content.resumeUpload(name, algorithm: .sha256)
            guard let writer = resumed.take() else { return nil }
            return UploadSession(name, writing: writer)
        }
        guard let found else { return sessions.withLock { $0[name] } }  // opened meanwhile
        sessions.withLock { $0[name] = found }
        return found
    }

    /// Forgets an upload that has ended.
    func remove(_ session: UploadSession) { sessions.withLock { $0[session.name] = nil } }

    /// Closes uploads that nobody goes on with, and removes those of long ago.
    func expire() throws(Problem) {
        sessions.withLock { sessions in
            let limit = ContinuousClock.now - Self.patience
            sessions = sessions.filter { $0.value.isHeld || $0.value.used > limit }
        }
        try content.removeStaleUploads(now: Int64(time(nil)))
    }
}
