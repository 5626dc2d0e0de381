package import Diagnostics
package import OCI
package import Storage

extension ContentStore {
    /// Compresses a layer's blob that is an archive as it is.
    ///
    /// - Parameters:
    ///   - layer: the blob, which is here.
    ///   - compression: how.
    ///   - lease: protects the new blob.
    /// - Returns: the new blob, which is in the store.
    /// - Throws: what the disk refuses.
    package func compress(
        _ layer: Descriptor, as compression: LayerCompression, under lease: SharedLease
    ) throws(Problem) -> Descriptor {
        let blob = FileSource(try open(layer.digest), named: "the blob \(layer.digest)")
        let source = try compressed(blob, as: compression)
        var writer = try writer()
        while let chunk = try source.nextChunk() { try writer.write(chunk.bytes) }
        let size = writer.offsetInBytes
        let digest = try writer.seal()
        try lease.protect([digest])
        try writer.place(as: digest)
        var descriptor = layer
        descriptor.mediaType = MediaType(layer: compression)
        descriptor.digest = digest
        descriptor.size = size
        return descriptor
    }
}
