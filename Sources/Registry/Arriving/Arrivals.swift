import Diagnostics
import Glibc
import Linux
import NIOPosix
import OCI
import Storage
import Synchronization
import Unpacking

/// The layers of a pull that containers use while they arrive.
///
/// One ``ReadGate`` asks about all of them. Its descriptor is shared with the monitors of the
/// containers: when this process ends before its time, readers wait; the monitors notice that the
/// pipe has no writer any more, and end the containers. So nobody reads what is not there.
final class Arrivals: Sendable {
    private let gate: ReadGate
    private let end: Pipe
    private let record: ArrivalRecord
    private let brake: TransferBrake
    private let layers = Mutex<[FileStatus.Identity: LayerArrival]>([:])

    /// A smaller layer is here before its table of contents would be.
    private static let leastBytes: Int64 = 1 << 20

    private init(_ brake: TransferBrake) throws(Problem) {
        self.brake = brake
        do throws(SystemCallError) {
            let process = getpid()
            let gate = try ReadGate()
            let end = try Pipe()
            record = ArrivalRecord(
                process: process, startTime: try processStartTime(process) ?? 0,
                gate: gate.descriptor.rawValue, end: end.reading.rawValue)
            self.gate = gate
            self.end = end
        } catch {
            throw Problem(error, what: "cannot start containers before their image has arrived")
        }
    }

    /// Makes those layers usable that can be, and begins to answer whoever reads them.
    ///
    /// - Returns: nil where none can be: they come as usual.
    static func begin(
        _ blobs: [PullParts.Blob], of pull: ImagePull, brake: TransferBrake
    ) async throws -> Arrivals? {
        let candidates = blobs.filter { blob in
            guard let diffID = blob.diffID else { return false }
            return blob.descriptor.size >= leastBytes && ContentsPlace(blob.descriptor) != nil
                && !pull.content.contains(blob.descriptor.digest)
                && !pull.layers.contains(diffID) && pull.layers.arrival(of: diffID) == nil
        }
        // Refused by an older kernel, or to this user: then the layers come as usual.
        guard !candidates.isEmpty, let arrivals = try? Arrivals(brake) else { return nil }
        _ = try WorkerThread { arrivals.serve() }
        for blob in candidates {
            do {
                try await arrivals.add(blob, of: pull)
            } catch {
                try Task.checkCancellation()
                continue  // it comes as usual, and then it shows whether it is damaged
            }
        }
        return arrivals.all.isEmpty ? nil : arrivals
    }

    private func add(_ blob: PullParts.Blob, of pull: ImagePull) async throws {
        guard let diffID = blob.diffID,
            let contents = try await pull.contents(of: blob.descriptor, diffID: diffID)
        else { return }
        try await blocking { [self] in
            let layer = try pull.layers.beginArrival(
                diffID, image: contents.image, dataInBytes: contents.dataInBytes, record: record,
                gate: gate)
            guard let layer else { return }
            let arrival = LayerArrival(blob, layer, contents, pull: pull)
            let data = try layer.dataIdentity()
            layers.withLock { $0[data] = arrival }
            arrival.fetchPrioritized(brake)
        }
    }

    private var all: [LayerArrival] { layers.withLock { Array($0.values) } }

    /// The digests of the layers' blobs.
    var digests: Set<Digest> { Set(all.map(\.blob.descriptor.digest)) }

    // MARK: Readers

    /// Answers readers until the process ends.
    private func serve() {
        do throws(SystemCallError) {
            while true {
                for question in try gate.next() { take(question) }
            }
        } catch {
            // Nobody would be answered any more: the end of the process ends the containers.
            let problem = Problem(error, what: "cannot learn what is read of arriving layers")
            fail(problem)
            _exit(1)
        }
    }

    private func take(_ question: ReadGate.Question) {
        let data = try? FileStatus(of: question.file).identity  // an open file has a status
        let arrival = layers.withLock { layers in data.flatMap { layers[$0] } }
        guard let arrival, !arrival.has(question.range) else { return answer(question, .pass) }
        brake.hold()
        Task {
            defer { brake.release() }
            do {
                try await arrival.fetch(question.range)
                answer(question, .pass)
            } catch {
                answer(question, .inputOutputError)
            }
        }
    }

    private func answer(_ question: ReadGate.Question, _ answer: ReadGate.Answer) {
        // ENOENT: the reader was killed meanwhile, and waits for no answer.
        try? gate.answer(question, answer)
    }

    // MARK: The end

    /// Compares each layer with its archive, now that its blob is in the store, which brings the
    /// rest of its data, and hands its containers over to the kernel alone.
    ///
    /// - Throws: `.unsupported` where a layer's table of contents says something else than its archive.
    func settle(_ pull: ImagePull) async throws {
        let verification = LayerVerification(store: pull.content, layers: pull.layers)
        for arrival in all {
            let (files, diffID) = (arrival.layer.files, arrival.layer.diffID)
            let blob = arrival.blob.descriptor.digest
            // Not on a thread that brings what this reads.
            let difference = try await Self.readers.runIfActive {
                try verification.difference(ofArriving: files, of: diffID, from: blob)
            }
            if let difference {
                throw Problem(
                    kind: .unsupported, what: "cannot run \(pull.reference) while it arrives",
                    why: "the table of contents of its layer \(blob) is not that of the archive: "
                        + difference,
                    fix: "pull the image whole: kade pull \(pull.reference)")
            }
        }
        try await blocking { [self] in
            for arrival in all {
                // Containers that are about to start find it there when the other place is gone.
                try pull.layers.show(arrival.layer.diffID)
                try arrival.layer.open(gate)
            }
            do throws(SystemCallError) {
                try end.writing.writeAll([1])
            } catch {
                throw Problem(error, what: "cannot tell that the image has arrived")
            }
            for arrival in all { try arrival.layer.remove() }
        }
    }

    /// Notes why the layers will never be whole.
    func fail(_ problem: Problem) {
        // Best effort: the containers end all the same.
        for arrival in all { try? arrival.layer.note(failure: problem) }
    }

    /// Removes the layers, which nobody uses yet.
    func abandon() {
        // Best effort: the next pull clears up.
        for arrival in all { try? arrival.layer.remove() }
    }

    private static let readers: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        return pool
    }()
}

extension ImagePull {
    /// What a layer's table of contents says, fetched and verified; nil where it cannot be used.
    fileprivate func contents(
        of layer: Descriptor, diffID: Digest
    ) async throws -> ArrivingContents? {
        guard let place = ContentsPlace(layer) else { return nil }
        let range: Range<Int64>
        switch place {
        case .zstdChunked(let own, _): range = own
        case .eStargz:
            let end = layer.size - ContentsPlace.footerInBytes
            guard end > 0 else { return nil }
            let footer = try await client.blobPart(layer.digest, end..<layer.size, purpose: purpose)
            range = try ContentsPlace.start(inFooter: footer, of: layer)..<end
        }
        let stored = try await client.blobPart(layer.digest, range, purpose: purpose)
        return try await blocking {
            try ArrivingContents(
                document: ContentsDocument.text(of: stored, at: place), layer: layer,
                diffID: diffID, end: range.lowerBound)
        }
    }
}
