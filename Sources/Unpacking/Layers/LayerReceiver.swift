package import Diagnostics
package import OCI
package import Storage

/// Receives a layer's blob from the network and unpacks it while it arrives.
///
/// The blob goes to the content store, its bytes to a ``LayerIngest``. Both are in place only after
/// ``finish()`` has verified both digests. Dropping it before keeps what has arrived of the blob,
/// and the next receiver goes on from there.
package struct LayerReceiver: ~Copyable {
    private var writer: BlobWriter
    private let ingest: LayerIngest?
    private let store: ContentStore
    private let layers: Layers

    /// Begins to receive a layer, or does what is left to do without the network.
    ///
    /// - Parameters:
    ///   - blob: the layer's descriptor in the manifest.
    ///   - diffID: the digest of its uncompressed archive, from the configuration.
    ///   - store: where the blob goes.
    ///   - layers: where it is unpacked.
    /// - Returns: nil when blob and unpacked layer are here; a blob without its unpacked layer is
    ///   unpacked by this call.
    /// - Throws: `.corrupt` when the blob that is here does not unpack to the diffID.
    package static func begin(
        _ blob: Descriptor, diffID: Digest, store: ContentStore, layers: Layers
    ) throws(Problem) -> LayerReceiver? {
        if store.contains(blob.digest) {
            try layers.unpack(blob.digest, diffID: diffID, from: store)
            return nil
        }
        let ingest = try layers.ingest(diffID)
        let writer = try store.writer(for: blob.digest, sizeInBytes: blob.size) {
            bytes throws(Problem) in
            try ingest?.write(bytes)
        }
        guard let writer else {
            // Another process stored the blob meanwhile: only the unpacking is left.
            try ingest?.unpackAll(of: blob.digest, from: store)
            return nil
        }
        return LayerReceiver(writer: writer, ingest: ingest, store: store, layers: layers)
    }

    private init(
        writer: consuming BlobWriter, ingest: LayerIngest?, store: ContentStore, layers: Layers
    ) {
        self.store = store
        self.layers = layers
        self.writer = writer
        self.ingest = ingest
    }

    /// How many bytes of the blob are here: where the download goes on.
    package var offsetInBytes: Int64 { writer.offsetInBytes }

    /// Adds the next bytes of the blob; waits while the threads that unpack it are busy.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
        try writer.write(bytes)
        try ingest?.write(bytes)
    }

    /// Removes what has arrived, after ``write(_:)`` found that no more of it can make it good.
    package consuming func discard() throws(Problem) { try writer.discard() }

    /// Verifies both digests and puts the blob, durably, and the layer in place.
    ///
    /// - Throws: `.corrupt` when one does not match; the blob that has arrived is then removed.
    package consuming func finish() throws(Problem) {
        let digest = try writer.seal()  // while the last bytes are being unpacked
        do throws(Problem) {
            try ingest?.finish()
        } catch {
            if error.condemnsContent { try writer.discard() }
            throw error
        }
        try writer.place(as: digest)
        guard ingest?.diffID == digest else { return }
        // Best effort: not every file system has hard links, and the layer has a copy.
        try? layers.share(store.path(of: digest), as: digest)
    }
}

extension Problem {
    /// Whether the content itself is at fault, so that what has arrived of it is of no use.
    package var condemnsContent: Bool { kind == .corrupt || kind == .invalid }
}

extension LayerIngest {
    /// Unpacks a blob of the content store.
    func unpackAll(of blob: Digest, from store: ContentStore) throws(Problem) {
        let source = FileSource(try store.open(blob), named: "the blob \(blob)")
        while let chunk = try source.nextChunk() { try write(chunk.bytes) }
        try finish()
    }
}
