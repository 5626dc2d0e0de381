import Diagnostics
import Linux
import OCI
import Storage

/// Brings one blob into a repository: not at all when it is there, from another repository of the
/// registry where it can, and else by an upload.
///
/// An upload is one request with all of the blob. Where that breaks off, the registry is asked what
/// it has, and the rest follows in chunks; so does all of a blob that is too large for one request.
struct BlobUpload: Sendable {
    let blob: Descriptor
    /// Other repositories of the registry that may have it.
    let sources: [String]
    let push: ImagePush

    /// The size of a chunk, where the registry wants none larger.
    private static let chunkInBytes: Int64 = 16 << 20
    /// The most repositories to mount from that are tried.
    private static let mountAttempts = 3

    /// How an attempt may go about.
    private struct Course {
        var session: UploadSession?
        var usesChunks = false
        var mayMount = true
        /// The most bytes that the registry was known to have.
        var furthest: Int64 = 0
    }

    /// Uploads the blob, again and on from where it broke as the schedule says.
    func run() async throws {
        var course = Course()
        var failures = 0
        while true {
            try Task.checkCancellation()
            do {
                return push.report(blob, try await attempt(&course), blob.size)
            } catch let setback as Setback {
                let before = course.furthest
                await resynchronize(&course)
                failures = course.furthest > before ? 1 : failures + 1
                let delay = push.schedule.delay(
                    after: failures, retryAfter: setback.retryAfter, chance: .random(in: 0...1))
                guard let delay else {
                    if let session = course.session { await push.client.cancel(session) }
                    throw setback.problem
                }
                try await Task.sleep(for: delay)
            }
        }
    }

    /// Tries to get the blob there.
    private func attempt(_ course: inout Course) async throws -> PushEvent.LayerStatus {
        let client = push.client
        if course.session == nil {
            if try await client.hasBlob(blob.digest, purpose: push.purpose) { return .present }
            if course.mayMount, let source = try await mount(&course) {
                return .mounted(from: source)
            }
        }
        guard push.content.contains(blob.digest) else {
            throw Problem(
                kind: .notFound, what: push.purpose,
                why: "\(blob.digest) is not in the store, and \(client.registry) does not have it",
                fix: "pull the image that has it, or push that first")
        }
        push.report(blob, .pushing, 0)
        let file = HeldFile(try push.content.open(blob.digest))
        let started = course.session == nil
        var session: UploadSession
        if let known = course.session {
            session = known
        } else {
            session = try await client.beginUpload(purpose: push.purpose)
        }
        course.session = session
        if !course.usesChunks, session.offsetInBytes == 0 {
            let whole = part(0..<blob.size, of: file)
            if try await client.put(session, as: blob.digest, with: whole, purpose: push.purpose) {
                return .pushed
            }
            // Whoever refuses so much may have given up on the upload, too.
            course.usesChunks = true
            session = try await client.beginUpload(purpose: push.purpose)
            course.session = session
        }
        while session.offsetInBytes < blob.size {
            let length = max(Self.chunkInBytes, session.shortestChunkInBytes)
            let end = min(session.offsetInBytes + length, blob.size)
            let chunk = part(session.offsetInBytes..<end, of: file)
            let next = try await client.patch(session, with: chunk, purpose: push.purpose)
            guard let next, next.offsetInBytes > session.offsetInBytes else {
                if started { throw refusal(of: chunk) }
                course.session = nil
                return try await attempt(&course)
            }
            session = next
            course.session = session
            course.furthest = max(course.furthest, session.offsetInBytes)
        }
        _ = try await client.put(session, as: blob.digest, with: nil, purpose: push.purpose)
        return .pushed
    }

    /// Asks the registry to take the blob over; the upload that it may begin instead goes on.
    ///
    /// - Returns: the repository that it came from.
    private func mount(_ course: inout Course) async throws -> String? {
        course.mayMount = false
        for source in sources.prefix(Self.mountAttempts) {
            switch try await push.client.mount(blob.digest, from: source, purpose: push.purpose) {
            case .mounted: return source
            case .began(let session):
                if let unused = course.session { await push.client.cancel(unused) }
                course.session = session
            case .refused: continue
            }
        }
        return nil
    }

    /// Finds out what the registry has after a failure; without an answer it all begins again.
    private func resynchronize(_ course: inout Course) async {
        guard let session = course.session else { return }
        course.usesChunks = true
        // Best effort: a registry that does not answer now is asked to begin again.
        let known = try? await push.client.progress(of: session, purpose: push.purpose)
        course.session = known.flatMap { $0.offsetInBytes <= blob.size ? $0 : nil }
        course.furthest = max(course.furthest, course.session?.offsetInBytes ?? 0)
    }

    private func part(_ range: Range<Int64>, of file: HeldFile) -> FileBody {
        let meter = ProgressMeter { push.report(blob, .pushing, $0) }
        return FileBody(file: file, range: range) { meter.note($0) }
    }

    private func refusal(of chunk: FileBody) -> Problem {
        Problem(
            kind: .unavailable, what: push.purpose,
            why: "\(push.client.registry) does not take the bytes from "
                + "\(chunk.range.lowerBound) of \(blob.digest)", fix: "try again")
    }
}
