import Diagnostics
import NIOCore
import NIOPosix
import OCI
import Storage
import Unpacking

/// Brings one layer: its bytes go into the store and are unpacked while they arrive; of content that
/// is no layer of this machine's image they only go into the store.
///
/// The network's side is a task, the disk's side a thread, and a ``ChunkPipe`` between them bounds
/// what is in memory.
struct LayerPull: Sendable {
    let descriptor: Descriptor
    /// The digest of the uncompressed layer; nil for what is not unpacked.
    let diffID: Digest?
    let pull: ImagePull

    /// What is between network and disk at most, for each layer.
    private static let pipeInBytes = 4 << 20

    /// Fetches and unpacks the layer.
    ///
    /// - Returns: whether anything had to be fetched.
    func run() async throws -> Bool {
        do {
            return try await attempt(anew: false)
        } catch let failure as ResumedFailure {
            // What an earlier pull left may be the damaged part: without it, once more.
            guard failure.problem.condemnsContent else {
                throw failure.problem
            }
            return try await attempt(anew: true)
        }
    }

    /// A failure of an attempt that went on from an earlier pull's bytes.
    private struct ResumedFailure: Error {
        var problem: Problem
    }

    private func attempt(anew: Bool) async throws -> Bool {
        let pipe = ChunkPipe(capacityInBytes: Self.pipeInBytes)
        let (starts, start) = AsyncStream<DiskState>.makeStream()
        let disk = Task {
            try await Self.threads.runIfActive {
                defer { start.finish() }
                do {
                    try receive(pipe, anew: anew) { start.yield($0) }
                } catch {
                    pipe.refuse(error)
                    throw error
                }
            }
        }
        var state: DiskState?
        for await first in starts {
            state = first
            break
        }
        if case .wants(let offset)? = state {
            do {
                try await LayerTransfer(layer: self, pipe: pipe).run(fromByte: offset)
                pipe.finish()
                report(.extracting, descriptor.size)
            } catch {
                pipe.finish(throwing: error)
            }
        }
        do {
            try await disk.value
        } catch let problem as Problem where state != .wants(fromByte: 0) && !anew {
            throw ResumedFailure(problem: problem)
        }
        report(state == .complete ? .exists : .done, descriptor.size)
        return state != .complete
    }

    /// What the disk has of a layer when a pull begins.
    private enum DiskState: Equatable {
        /// Blob and unpacked layer.
        case complete
        /// The bytes before this one.
        case wants(fromByte: Int64)
    }

    /// The disk's side, on a thread of its own.
    private func receive(
        _ pipe: ChunkPipe, anew: Bool, started: (DiskState) -> Void
    ) throws {
        if anew,
            let writer = try pull.content.writer(
                for: descriptor.digest, sizeInBytes: descriptor.size)
        {
            try writer.discard()
        }
        guard let diffID else { return try store(pipe, started) }
        if pull.content.contains(descriptor.digest), !pull.layers.contains(diffID) {
            report(.extracting, descriptor.size)
        }
        let receiver = try LayerReceiver.begin(
            descriptor, diffID: diffID, store: pull.content, layers: pull.layers)
        guard var receiver else {
            started(.complete)
            return
        }
        started(.wants(fromByte: receiver.offsetInBytes))
        var fault: Problem?
        do {
            while let chunk = try pipe.next() {
                try chunk.withUnsafeReadableBytes { bytes in try receiver.write(bytes) }
            }
        } catch let problem as Problem where problem.condemnsContent {
            fault = problem
        }
        if let fault {
            try receiver.discard()
            throw fault
        }
        try receiver.finish()
    }

    /// The disk's side of a blob that is not unpacked.
    private func store(_ pipe: ChunkPipe, _ started: (DiskState) -> Void) throws {
        let writer = try pull.content.writer(for: descriptor.digest, sizeInBytes: descriptor.size)
        guard var writer else {
            started(.complete)
            return
        }
        started(.wants(fromByte: writer.offsetInBytes))
        while let chunk = try pipe.next() {
            try chunk.withUnsafeReadableBytes { bytes in try writer.write(bytes) }
        }
        try writer.commit()
    }

    /// Reports the layer's state.
    func report(_ status: PullEvent.LayerStatus, _ current: Int64) {
        pull.report(
            .layer(
                digest: descriptor.digest, status: status, current: current,
                total: descriptor.size))
    }

    /// The threads of the disk's side, enough for the layers that arrive side by side.
    private static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: ImagePull.layersAtOnce)
        pool.start()
        return pool
    }()
}
