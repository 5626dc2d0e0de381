package import Diagnostics
import Linux
package import OCI
package import Storage
import SystemPackage

/// Receives the bytes of one layer and unpacks them while they arrive.
///
/// Three threads work side by side: one decompresses, one computes the digest of the uncompressed
/// archive, one unpacks it. Bounded queues between them hold at most a few MB; ``write(_:)`` waits
/// when they are full. Whoever drops an ingest before ``finish()`` cancels it.
package final class LayerIngest: Sendable {
    package let diffID: Digest
    private let input = BoundedQueue<Chunk>(capacity: 8)
    private let pipeline: LayerPipeline
    private let threads: [WorkerThread]

    init(
        diffID: Digest, boot: String, limit: ArchiveLimit, kind: LayerRecord.Kind,
        blob: FilePath?, objects: LayerObjects, partial: consuming PartialLayer
    ) throws(Problem) {
        self.diffID = diffID
        pipeline = LayerPipeline(
            diffID: diffID, boot: boot, limit: limit, kind: kind, blob: blob, objects: objects,
            partial: partial)
        threads = try pipeline.start(from: input)
    }

    /// Adds the next bytes of the layer as it is stored: compressed or not.
    ///
    /// - Throws: the first problem that any of the threads met.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
        var rest = bytes
        while !rest.isEmpty {
            let portion = UnsafeRawBufferPointer(rebasing: rest.prefix(Chunk.usualCapacity))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(portion.count))
            guard input.push(Chunk(copying: portion)) else { throw pipeline.problem }
        }
    }

    /// Waits until all is unpacked, verifies the diffID and puts the layer in place.
    ///
    /// To be called once. ``Layers/flush()`` then writes it to the disk.
    ///
    /// - Throws: `.corrupt` when the archive is damaged or has another digest, `.invalid` when it
    ///   tries to leave its root, `.exhausted` when the disk is full. Nothing is left then.
    package func finish() throws(Problem) {
        try verify()
        try pipeline.commit()
    }

    /// The first half of ``finish()``: unpacked and of the right digest, but not in place yet.
    func verify() throws(Problem) {
        input.close()
        for thread in threads { thread.join() }
        pipeline.markJoined()
        try pipeline.verify()
    }

    /// The second half of ``finish()``.
    func commit() throws(Problem) { try pipeline.commit() }

    deinit {
        guard !pipeline.isJoined else { return pipeline.discardRest() }
        input.abandon()
        pipeline.cancel()
        for thread in threads { thread.join() }
        pipeline.discardRest()
    }
}

extension Layers {
    /// Begins to receive a layer.
    ///
    /// Waits while another process unpacks the same layer.
    ///
    /// - Parameter diffID: the digest of the uncompressed archive.
    /// - Returns: nil when the layer is there already.
    /// - Throws: `.unsupported` for a digest other than sha256; what the kernel refuses.
    package func ingest(_ diffID: Digest) throws(Problem) -> LayerIngest? {
        try ingest(diffID, of: nil)
    }

    /// ``ingest(_:)`` of a file that may have the archive as it is.
    private func ingest(_ diffID: Digest, of blob: FilePath?) throws(Problem) -> LayerIngest? {
        guard diffID.algorithm == "sha256" else {
            throw Problem(
                kind: .unsupported, what: "cannot unpack the layer \(diffID)",
                why: "layers are kept by sha256 digests")
        }
        guard !contains(diffID) else { return nil }
        guard let boot = currentBoot() else {
            throw Problem(
                kind: .unavailable, what: "cannot unpack the layer \(diffID)",
                why: "the kernel does not say which boot this is", fix: "mount /proc")
        }
        try sweep()
        var partial = try beginPartial(diffID)
        guard let partial = partial.take() else { return nil }
        return try LayerIngest(
            diffID: diffID, boot: boot, limit: archiveLimit,
            kind: try snapshotter.kind(in: directory), blob: blob, objects: objects,
            partial: partial)
    }

    /// Unpacks a layer whose blob is in the content store; no change when it is unpacked.
    package func unpack(
        _ blob: Digest, diffID: Digest, from store: ContentStore
    ) throws(Problem) {
        // An uncompressed blob is the archive.
        let plain = blob == diffID ? store.path(of: blob) : nil
        guard let ingest = try ingest(diffID, of: plain) else { return }
        try ingest.unpackAll(of: blob, from: store)
    }
}
