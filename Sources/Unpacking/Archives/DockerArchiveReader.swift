import Diagnostics
import OCI
import Storage

/// Loads the images of an archive of `docker save`: `manifest.json` lists configurations, names and
/// uncompressed layers.
///
/// Such an archive has no manifests of the specification: each image gets one, made of its
/// configuration and layers as they are, so that the image ID stays.
struct DockerArchiveReader<Source: ArchiveSource> {
    let source: Source
    let store: ContentStore
    let layers: Layers
    /// The image must be for one of these; empty for any.
    let platforms: [Platform]

    private struct Item {
        var configuration: String
        var names: [String]
        var layers: [String]
    }

    func load(
        _ lease: borrowing Lease, _ progress: (ImageArchive.Event) -> Void
    ) throws(Problem) -> [ImageArchive.Image] {
        var images: [ImageArchive.Image] = []
        for item in try items() {
            var references: [ImageReference] = []
            for name in item.names {
                references.append(try ImageReference(parsing: name).withDefaultTag)
            }
            images.append(
                .init(references: references, descriptor: try load(item, lease, progress)))
        }
        return images
    }

    private func items() throws(Problem) -> [Item] {
        let bytes = try source.read("manifest.json", limitInBytes: documentLimitInBytes)
        let list = try JSONValue.parse(bytes, named: "manifest.json of \(source.name)")
        var items: [Item] = []
        for value in list.array ?? [] {
            guard let configuration = value["Config"]?.string else {
                throw Problem(
                    kind: .invalid, what: "cannot load \(source.name)",
                    why: "its manifest.json lists an image without Config")
            }
            items.append(
                Item(
                    configuration: configuration,
                    names: value["RepoTags"]?.array?.compactMap(\.string) ?? [],
                    layers: value["Layers"]?.array?.compactMap(\.string) ?? []))
        }
        guard !items.isEmpty else {
            throw Problem(
                kind: .invalid, what: "cannot load \(source.name)",
                why: "its manifest.json lists no image")
        }
        return items
    }

    private func load(
        _ item: Item, _ lease: borrowing Lease, _ progress: (ImageArchive.Event) -> Void
    ) throws(Problem) -> Descriptor {
        let bytes = try source.read(item.configuration, limitInBytes: documentLimitInBytes)
        let configuration = try ImageConfiguration(
            json: bytes, named: "\(item.configuration) of \(source.name)")
        let diffIDs = configuration.rootfs.diffIDs
        guard platforms.isEmpty || platforms.contains(where: configuration.runs) else {
            throw Problem(
                kind: .notFound, what: "cannot load \(source.name)",
                why: "its image is for \(configuration.platform)",
                fix: "load it with --platform \(configuration.platform)")
        }
        guard diffIDs.count == item.layers.count else {
            throw Problem(
                kind: .corrupt, what: "cannot load \(source.name)",
                why: "an image has \(item.layers.count) layers and its configuration "
                    + "\(diffIDs.count)")
        }
        try lease.protect(diffIDs + [ContentHasher.sha256(bytes)])
        var descriptors: [Descriptor] = []
        for (path, diffID) in zip(item.layers, diffIDs) {
            progress(.layer(diffID: diffID, isPresent: layers.contains(diffID)))
            descriptors.append(try receive(path, diffID, lease))
        }
        let manifest = Manifest(
            schemaVersion: 2, mediaType: .manifest,
            config: Descriptor(
                mediaType: .configuration, digest: try store.store(bytes), size: Int64(bytes.count)
            ), layers: descriptors)
        let text = manifest.json()
        try lease.protect([ContentHasher.sha256(text)])
        return Descriptor(
            mediaType: .manifest, digest: try store.store(text), size: Int64(text.count))
    }

    /// Stores one layer; it is a plain archive, or some tool compressed it.
    private func receive(
        _ path: String, _ diffID: Digest, _ lease: borrowing Lease
    ) throws(Problem) -> Descriptor {
        var format = CompressionFormat.none
        if let start = try source.open(path).nextChunk() {
            format = CompressionFormat(magic: start.bytes)
        }
        let mediaType: MediaType
        switch format {
        case .none: mediaType = .layer
        case .gzip: mediaType = .gzipLayer
        case .zstd: mediaType = .zstdLayer
        case .xz, .bzip2:
            throw Problem(
                kind: .unsupported, what: "cannot load \(source.name)",
                why: "its layer \(path) is compressed by \(format), which images do not allow")
        }
        let digest = format == .none ? diffID : try Self.digest(of: source.open(path))
        let descriptor = Descriptor(
            mediaType: mediaType, digest: digest, size: try source.sizeInBytes(of: path))
        try lease.protect([digest])
        var receiver = try LayerReceiver.begin(
            descriptor, diffID: diffID, store: store, layers: layers)
        guard var receiver = receiver.take() else { return descriptor }
        try receiver.receiveAll(of: try source.open(path))
        try receiver.finish()
        return descriptor
    }

    private static func digest(of source: any ByteSource) throws(Problem) -> Digest {
        var hasher = ContentHasher()
        while let chunk = try source.nextChunk() { hasher.update(chunk.bytes) }
        return hasher.digest()
    }
}
