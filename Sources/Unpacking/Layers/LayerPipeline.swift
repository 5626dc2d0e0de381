import Diagnostics
import Linux
import OCI
import Storage
import Synchronization
import SystemPackage

/// The threads that turn a layer's bytes into files, and what they found out.
final class LayerPipeline: Sendable {
    private let diffID: Digest
    private let boot: String
    private let limit: ArchiveLimit
    private let kind: LayerRecord.Kind
    /// A file that has the archive as it is.
    private let blob: FilePath?
    private let objects: LayerObjects
    private let tarForHash = BoundedQueue<Chunk>(capacity: 6)
    private let tarForDisk = BoundedQueue<Chunk>(capacity: 6)
    private let first = FirstProblem()
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var partial: PartialLayer?
        var digest: Digest?
        var archiveInBytes: Int64 = 0
        var files: WrittenLayer?
        var isJoined = false
    }

    init(
        diffID: Digest, boot: String, limit: ArchiveLimit, kind: LayerRecord.Kind,
        blob: FilePath?, objects: LayerObjects, partial: consuming PartialLayer
    ) {
        self.blob = blob
        self.objects = objects
        self.diffID = diffID
        self.kind = kind
        self.boot = boot
        self.limit = limit
        state = Mutex(State(partial: consume partial))
    }

    /// The problem that stopped the work.
    var problem: Problem {
        first.problem
            ?? Problem(
                kind: .bug, what: "cannot unpack the layer \(diffID)",
                why: "its threads stopped without a reason")
    }

    /// Starts the three threads.
    func start(from input: BoundedQueue<Chunk>) throws(Problem) -> [WorkerThread] {
        var threads: [WorkerThread] = []
        do throws(Problem) {
            threads.append(try WorkerThread { self.decompress(input) })
            threads.append(try WorkerThread { self.hash() })
            threads.append(try WorkerThread { self.unpack() })
        } catch {
            input.abandon()
            cancel()
            for thread in threads { thread.join() }
            discardRest()
            throw error
        }
        return threads
    }

    /// Makes all threads end soon.
    func cancel() {
        tarForHash.abandon()
        tarForDisk.abandon()
    }

    func markJoined() { state.withLock { $0.isJoined = true } }
    var isJoined: Bool { state.withLock { $0.isJoined } }

    /// Judges what the threads found out; all of them have ended.
    func verify() throws(Problem) {
        if let problem = first.problem {
            discardRest()
            throw problem
        }
        let digest = state.withLock { $0.digest }
        guard digest == diffID else {
            discardRest()
            throw Problem(
                kind: .corrupt, what: "cannot unpack the layer \(diffID)",
                why: "its uncompressed archive has the digest "
                    + "\(digest.map { "\($0)" } ?? "of nothing")",
                fix: "pull the image again; if it stays so, the image is damaged")
        }
    }

    /// Puts the verified layer in place.
    func commit() throws(Problem) {
        var taken = Optional<PartialLayer>.none
        var record: LayerRecord?
        state.withLock { state in
            taken = state.partial.take()
            guard let files = state.files else { return }
            record = LayerRecord(
                diffID: diffID, kind: files.kind, archiveInBytes: state.archiveInBytes,
                sizeInBytes: files.tally.dataInBytes, entries: files.tally.entries,
                skippedAttributes: files.tally.skippedAttributes,
                highestID: files.tally.highestID, boot: boot, flush: .pending)
        }
        guard let partial = taken.take(), let record else { throw problem }
        do throws(SystemCallError) {
            // The collector sees the list of its objects where it was, or where it is then.
            var lock: FileLock?
            if record.kind == .composefs { lock = try objects.lock(.shared) }
            try partial.commit(record)
            _ = lock.take()
        } catch {
            throw Problem(error, what: "cannot store the layer \(diffID)")
        }
    }

    /// Removes what was unpacked and not put in place.
    func discardRest() {
        var taken = Optional<PartialLayer>.none
        state.withLock { taken = $0.partial.take() }
        guard let partial = taken.take() else { return }
        // Best effort: the next ingest sweeps it; the error that led here is the one to tell.
        try? asking("") { () throws(SystemCallError) in try Directory.removeTree(partial.path) }
        _ = consume partial
    }

    private func decompress(_ input: BoundedQueue<Chunk>) {
        do throws(Problem) {
            let source = try decompressed(QueueSource(input), limit: limit)
            while let chunk = try source.nextChunk() {
                guard tarForHash.push(chunk), tarForDisk.push(chunk) else { break }
            }
        } catch {
            fail(error)
        }
        input.abandon()
        tarForHash.close()
        tarForDisk.close()
    }

    private func hash() {
        var hasher = ContentHasher()
        var count: Int64 = 0
        while let chunk = tarForHash.pop() {
            hasher.update(chunk.bytes)
            count += Int64(chunk.bytes.count)
        }
        let digest = hasher.digest()
        state.withLock {
            $0.digest = digest
            $0.archiveInBytes = count
        }
    }

    private func unpack() {
        do throws(Problem) {
            try asking("cannot unpack the layer \(diffID)") { () throws(SystemCallError) in
                try clearUmaskOfThisThread()
            }
            let path = state.withLock { $0.partial?.path }
            guard let path else { throw problem }
            let source = QueueSource(tarForDisk)
            let files =
                switch kind {
                case .directory: try WrittenLayer(unpacking: source, of: diffID, into: path)
                case .erofs:
                    try WrittenLayer(imaging: source, of: diffID, into: path, sharing: blob)
                case .composefs:
                    try WrittenLayer(
                        sharing: source, of: diffID, into: path, objects: objects, blob: blob)
                }
            state.withLock { $0.files = files }
        } catch {
            fail(error)
        }
    }

    private func fail(_ problem: Problem) {
        first.report(problem)
        cancel()
    }
}
