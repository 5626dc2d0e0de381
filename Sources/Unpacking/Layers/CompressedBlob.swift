package import Diagnostics
package import OCI
package import Storage

/// A layer's blob in another encoding.
package struct EncodedLayer: Sendable {
    package var descriptor: Descriptor
    /// What the blob decompresses to; nil is what it was.
    package var diffID: Digest?
}

extension ContentStore {
    /// Compresses a layer's blob.
    ///
    /// - Parameters:
    ///   - layer: the blob, which is here.
    ///   - encoding: how.
    ///   - limit: how much it may have when it is decompressed.
    ///   - lease: protects the new blob.
    /// - Returns: the new blob, which is in the store.
    /// - Throws: what the disk refuses; `.unsupported` for an archive that a format has no place for.
    package func encode(
        _ layer: Descriptor, as encoding: LayerEncoding, limit: ArchiveLimit,
        under lease: SharedLease
    ) throws(Problem) -> EncodedLayer {
        let blob = FileSource(try open(layer.digest), named: "the blob \(layer.digest)")
        let isPlain = layer.mediaType.layerCompression == .uncompressed
        let archive: any ByteSource = isPlain ? blob : try decompressed(blob, limit: limit)
        let format: ChunkedFormat
        switch encoding.format {
        case .uncompressed:
            guard !isPlain else { return EncodedLayer(descriptor: layer) }
            return EncodedLayer(
                descriptor: try place(archive, of: layer, as: .uncompressed, under: lease))
        case .gzip, .zstd:
            // What comes out of one goes into the other: the plain archive is nowhere on the disk.
            let compression = encoding.format.compression
            let source = try compressed(archive, as: compression, level: encoding.level)
            return EncodedLayer(
                descriptor: try place(source, of: layer, as: compression, under: lease))
        case .estargz: format = .eStargz
        case .zstdChunked: format = .zstdChunked
        }
        // The table of contents wants the archive read twice.
        let plain =
            isPlain ? layer : try place(archive, of: layer, as: .uncompressed, under: lease)
        return try chunk(plain, as: format, level: encoding.level, under: lease)
    }

    private func place(
        _ source: any ByteSource, of layer: Descriptor, as compression: LayerCompression,
        under lease: SharedLease
    ) throws(Problem) -> Descriptor {
        var writer = try writer()
        while let chunk = try source.nextChunk() { try writer.write(chunk.bytes) }
        let size = writer.offsetInBytes
        let digest = try writer.seal()
        try lease.protect([digest])
        try writer.place(as: digest)
        var descriptor = layer
        descriptor.mediaType = MediaType(
            layer: compression, isDockers: layer.mediaType.isDockers)
        descriptor.annotations = descriptor.annotations.filter {
            !ContentsPlace.isAnnotation($0.key)
        }
        descriptor.digest = digest
        descriptor.size = size
        return descriptor
    }
}

extension LayerEncoding {
    /// Whether a layer of the type and with the annotations need not be done again.
    package func isMet(by layer: Descriptor) -> Bool {
        guard level == nil, layer.mediaType.layerCompression == format.compression else {
            return false
        }
        switch (format, ContentsPlace(layer)) {
        case (.estargz, .eStargz?), (.zstdChunked, .zstdChunked?): return true
        case (.estargz, _), (.zstdChunked, _): return false
        default: return true
        }
    }
}
