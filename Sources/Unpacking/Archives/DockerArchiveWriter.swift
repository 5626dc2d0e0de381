import Diagnostics
import OCI
import Storage

/// Writes Docker's older archive: configurations and plain layers beside `manifest.json`.
struct DockerArchiveWriter {
    private let saving: ImageSaving

    init(_ saving: ImageSaving) { self.saving = saving }

    func write(
        _ items: [ImageSaving.Item], _ lease: borrowing Lease, to sink: inout any ArchiveSink
    ) throws(Problem) {
        var list = DockerArchiveList()
        var written: Set<Digest> = []
        for item in items {
            let image = try saving.image(of: item)
            let config = image.manifest.config.digest
            let diffIDs = image.configuration.rootfs.diffIDs
            try lease.protect([config] + diffIDs + image.manifest.layers.map(\.digest))
            if written.insert(config).inserted {
                try sink.add("\(config.encoded).json", try saving.store.document(config))
            }
            for (layer, diffID) in zip(image.manifest.layers, diffIDs)
            where written.insert(diffID).inserted {
                try sink.add(
                    "\(diffID.encoded).tar", sizeInBytes: try size(of: layer, diffID),
                    from: try plain(layer))
            }
            list.add(
                item, image, configuration: "\(config.encoded).json",
                layers: diffIDs.map { "\($0.encoded).tar" })
        }
        try list.write(to: &sink)
    }

    private func plain(_ layer: Descriptor) throws(Problem) -> any ByteSource {
        try decompressed(
            FileSource(try saving.store.open(layer.digest), named: "\(layer.digest)"), limit: .none)
    }

    /// The size of the uncompressed archive, which a tar header says before the content.
    private func size(of layer: Descriptor, _ diffID: Digest) throws(Problem) -> Int64 {
        if layer.mediaType.layerCompression == .uncompressed { return layer.size }
        if saving.layers.contains(diffID) {
            return try saving.layers.record(of: diffID).archiveInBytes
        }
        let source = try plain(layer)
        var size: Int64 = 0
        while let chunk = try source.nextChunk() { size += Int64(chunk.bytes.count) }
        return size
    }
}

/// Writes a directory as the transport `dir:` of containers/image has it, with a manifest of
/// Docker's schema 2.
struct DockerDirectoryWriter {
    private let saving: ImageSaving

    init(_ saving: ImageSaving) { self.saving = saving }

    func write(
        _ item: ImageSaving.Item, _ lease: borrowing Lease, to sink: inout any ArchiveSink
    ) throws(Problem) {
        var manifest = try saving.image(of: item).manifest
        try lease.protect([manifest.config.digest] + manifest.layers.map(\.digest))
        manifest.mediaType = .dockerManifest
        manifest.config.mediaType = .dockerConfiguration
        manifest.annotations = [:]
        for index in manifest.layers.indices {
            switch manifest.layers[index].mediaType.layerCompression {
            case .uncompressed: manifest.layers[index].mediaType = .dockerLayer
            case .gzip: manifest.layers[index].mediaType = .dockerGzipLayer
            case .zstd, nil:
                throw Problem(
                    kind: .unsupported, what: "cannot save the image as docker-dir",
                    why: "Docker's schema 2 has no layers of the type "
                        + "\(manifest.layers[index].mediaType)",
                    fix: "save it as oci-dir")
            }
        }
        try sink.add("version", Array("Directory Transport Version: 1.1\n".utf8))
        for part in [manifest.config] + manifest.layers {
            try sink.add(
                part.digest.encoded, sizeInBytes: part.size,
                from: FileSource(try saving.store.open(part.digest), named: "\(part.digest)"))
        }
        try sink.add("manifest.json", manifest.json())
    }
}
