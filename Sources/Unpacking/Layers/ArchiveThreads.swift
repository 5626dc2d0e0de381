import Diagnostics
import OCI
import Storage
import Synchronization

/// The threads that write an archive and compute its digest, while another one takes its bytes.
final class ArchiveThreads: Sendable {
    private let forTaker = BoundedQueue<Chunk>(capacity: 6)
    private let forHash = BoundedQueue<Chunk>(capacity: 6)
    private let hashes: Bool
    private let first = FirstProblem()
    private let state = Mutex(State())

    /// What came of an archive.
    struct Result: Sendable {
        var tally: ArchiveTally
        /// Of the archive; nil where none was asked for.
        var digest: Digest?
    }

    private struct State: Sendable {
        var threads: [WorkerThread] = []
        var tally: ArchiveTally?
        var digest: Digest?
    }

    /// Threads for one archive.
    ///
    /// - Parameter hashes: whether its digest is computed.
    init(hashes: Bool) { self.hashes = hashes }

    /// The archive's bytes, which one thread must take to their end.
    var source: any ByteSource { QueueSource(forTaker) }

    /// Starts to write.
    ///
    /// - Parameter body: writes the whole archive, handing on its portions.
    /// - Throws: `.exhausted` when the system has no thread to give.
    func start(
        _ body: @escaping @Sendable (@escaping TarWriter.Emit) throws(Problem) -> ArchiveTally
    ) throws(Problem) {
        do throws(Problem) {
            let writing = try WorkerThread { self.write(body) }
            state.withLock { $0.threads.append(writing) }
            guard hashes else { return }
            let hashing = try WorkerThread { self.hash() }
            state.withLock { $0.threads.append(hashing) }
        } catch {
            throw end(because: error)
        }
    }

    /// Waits for the threads, after the last byte was taken.
    ///
    /// - Throws: the problem that ended the archive too early.
    func finish() throws(Problem) -> Result {
        join()
        if let problem = first.problem { throw problem }
        let state = state.withLock { ($0.tally, $0.digest) }
        guard let tally = state.0 else {
            throw Problem(
                kind: .bug, what: "cannot write the archive",
                why: "its threads stopped without a reason")
        }
        return Result(tally: tally, digest: state.1)
    }

    /// Ends the threads.
    ///
    /// - Returns: the problem to tell, which is the first.
    func end(because problem: Problem) -> Problem {
        first.report(problem)
        forTaker.abandon()
        forHash.abandon()
        join()
        return first.problem ?? problem
    }

    private func join() {
        let threads = state.withLock { state in
            defer { state.threads = [] }
            return state.threads
        }
        for thread in threads { thread.join() }
    }

    private func write(
        _ body: (@escaping TarWriter.Emit) throws(Problem) -> ArchiveTally
    ) {
        do throws(Problem) {
            let tally = try body { [self] chunk throws(Problem) in
                guard forTaker.push(chunk), !hashes || forHash.push(chunk) else {
                    throw Problem(
                        kind: .unavailable, what: "cannot write the archive",
                        why: "nobody takes it any more")
                }
            }
            state.withLock { $0.tally = tally }
        } catch {
            first.report(error)
        }
        forTaker.close()
        forHash.close()
    }

    private func hash() {
        var hasher = ContentHasher()
        while let chunk = forHash.pop() { hasher.update(chunk.bytes) }
        let digest = hasher.digest()
        state.withLock { $0.digest = digest }
    }
}
