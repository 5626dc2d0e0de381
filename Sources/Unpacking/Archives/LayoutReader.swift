import Diagnostics
import OCI
import Storage

/// Loads the images of an OCI image layout (image-spec, image-layout.md).
struct LayoutReader<Source: ArchiveSource> {
    let source: Source
    let store: ContentStore
    let layers: Layers
    /// Of images for several platforms, only these; empty for all that are there.
    let platforms: [Platform]
    /// The one image to take; nil for all.
    let choice: ImageArchive.Choice?

    /// Copies all that the index names, and unpacks the layers of images for Linux.
    func load(
        _ lease: borrowing Lease, _ progress: (ImageArchive.Event) -> Void
    ) throws(Problem) -> [ImageArchive.Image] {
        let bytes = try source.read("index.json", limitInBytes: documentLimitInBytes)
        let index = try ImageIndex(json: bytes, named: "index.json of \(source.name)")
        var images: [ImageArchive.Image] = []
        var manifests = index.manifests.filter {
            $0.annotations[References.translationKey] == nil
        }
        if let choice { manifests = [try chosen(choice, of: manifests)] }
        for var descriptor in manifests {
            let references = choice == nil ? try Self.references(of: descriptor) : []
            for key in Self.nameKeys { descriptor.annotations[key] = nil }
            let wanted = try wanted(of: descriptor, named: references.first.map { "\($0)" })
            try copy(descriptor, lease, progress, wanted)
            if let position = images.firstIndex(where: {
                $0.descriptor.digest == descriptor.digest
            }) {
                images[position].references += references
            } else {
                images.append(.init(references: references, descriptor: descriptor))
            }
        }
        return images
    }

    /// The image that a choice means.
    private func chosen(
        _ choice: ImageArchive.Choice, of manifests: [Descriptor]
    ) throws(Problem) -> Descriptor {
        func isMeant(_ descriptor: Descriptor) -> Bool {
            if "\(descriptor.digest)" == choice.name { return true }
            return Self.nameKeys.compactMap { descriptor.annotations[$0] }.contains { name in
                // What is no reference may still be the name.
                name == choice.name
                    || (try? ImageReference(parsing: name))?.withDefaultTag.tag == choice.name
            }
        }
        var found = manifests.filter(isMeant)
        if found.isEmpty, choice.orSingle { found = manifests }
        guard let first = found.first, found.allSatisfy({ $0.digest == first.digest }) else {
            throw Problem(
                kind: .notFound, what: "cannot load \(choice.name) of \(source.name)",
                why: found.isEmpty
                    ? "the layout has no image of this name"
                    : "the layout has \(found.count) images of this name",
                fix: "name it by its tag or digest: \(Self.names(of: manifests))")
        }
        return first
    }

    private static func names(of manifests: [Descriptor]) -> String {
        manifests.map { $0.annotations[nameKeys[1]] ?? "\($0.digest)" }.joined(separator: ", ")
    }

    /// Docker writes the full name beside the specification's, which may be only a tag.
    private static var nameKeys: [String] {
        ["io.containerd.image.name", "org.opencontainers.image.ref.name"]
    }

    private static func references(
        of descriptor: Descriptor
    ) throws(Problem) -> [ImageReference] {
        if let name = descriptor.annotations[nameKeys[0]] {
            return [try ImageReference(parsing: name).withDefaultTag]
        }
        // A lone tag, which the specification allows, names no repository.
        guard let name = descriptor.annotations[nameKeys[1]],
            name.contains(":") || name.contains("/")
        else { return [] }
        return [try ImageReference(parsing: name).withDefaultTag]
    }

    /// The manifests to copy: those of the platforms; nil for all.
    ///
    /// - Throws: `.notFound` when the archive lacks a platform.
    private func wanted(
        of descriptor: Descriptor, named name: String?
    ) throws(Problem) -> Set<Digest>? {
        guard !platforms.isEmpty else { return nil }
        var candidates = ImageIndex(
            schemaVersion: 2, mediaType: .index, manifests: try leaves(of: descriptor))
        candidates.manifests.removeAll { $0.platform == nil }
        var wanted: Set<Digest> = []
        for platform in platforms {
            let name = name ?? "\(descriptor.digest)"
            wanted.insert(try candidates.selectManifest(for: platform, named: name).digest)
        }
        return wanted
    }

    /// The manifests that are here, each with the platform of its configuration.
    private func leaves(of descriptor: Descriptor) throws(Problem) -> [Descriptor] {
        guard source.contains(Self.path(of: descriptor.digest)) else { return [] }
        if descriptor.mediaType.isIndex {
            let index = try ImageIndex(
                json: try document(descriptor), named: "\(descriptor.digest)")
            var found: [Descriptor] = []
            for child in index.manifests { found += try leaves(of: child) }
            return found
        }
        guard descriptor.mediaType.isManifest, descriptor.platform == nil else {
            return [descriptor]
        }
        var leaf = descriptor
        let manifest = try Manifest(json: try document(descriptor), named: "\(descriptor.digest)")
        guard manifest.config.mediaType.isImageConfiguration else { return [leaf] }
        leaf.platform = try ImageConfiguration(
            json: try document(manifest.config), named: "\(manifest.config.digest)"
        ).platform
        return [leaf]
    }

    /// Copies content and what it names; a child of an index may be missing.
    private func copy(
        _ descriptor: Descriptor, _ lease: borrowing Lease,
        _ progress: (ImageArchive.Event) -> Void, _ wanted: Set<Digest>?, isChild: Bool = false
    ) throws(Problem) {
        let path = Self.path(of: descriptor.digest)
        if isChild, !source.contains(path) { return }
        if let wanted, !descriptor.mediaType.isIndex, !wanted.contains(descriptor.digest) { return }
        try lease.protect([descriptor.digest])
        guard descriptor.mediaType.isIndex || descriptor.mediaType.isManifest else {
            return try copyBlob(descriptor)
        }
        let bytes = try document(descriptor)
        if descriptor.mediaType.isIndex {
            let index = try ImageIndex(json: bytes, named: "\(descriptor.digest)")
            for child in index.manifests {
                try copy(child, lease, progress, wanted, isChild: true)
            }
        } else {
            let manifest = try Manifest(json: bytes, named: "\(descriptor.digest)")
            try copyImage(manifest, lease, progress)
        }
        try store.store(bytes, as: descriptor.digest)
    }

    private func copyImage(
        _ manifest: Manifest, _ lease: borrowing Lease, _ progress: (ImageArchive.Event) -> Void
    ) throws(Problem) {
        try lease.protect([manifest.config.digest] + manifest.layers.map(\.digest))
        guard manifest.config.mediaType.isImageConfiguration,
            manifest.layers.allSatisfy({ $0.mediaType.layerCompression != nil })
        else {
            try copyBlob(manifest.config)
            for layer in manifest.layers { try copyBlob(layer) }
            return
        }
        let bytes = try document(manifest.config)
        let configuration = try ImageConfiguration(json: bytes, named: "\(manifest.config.digest)")
        let diffIDs = configuration.rootfs.diffIDs
        guard diffIDs.count == manifest.layers.count else {
            throw Problem(
                kind: .corrupt, what: "cannot load \(source.name)",
                why: "a manifest has \(manifest.layers.count) layers and its configuration "
                    + "\(diffIDs.count)")
        }
        try lease.protect(diffIDs)
        for (layer, diffID) in zip(manifest.layers, diffIDs) {
            progress(.layer(diffID: diffID, isPresent: layers.contains(diffID)))
            try receive(layer, diffID: diffID)
        }
        try store.store(bytes, as: manifest.config.digest)
    }

    private func receive(_ layer: Descriptor, diffID: Digest) throws(Problem) {
        var receiver = try LayerReceiver.begin(
            layer, diffID: diffID, store: store, layers: layers)
        guard var receiver = receiver.take() else { return }
        try receiver.receiveAll(of: try source.open(Self.path(of: layer.digest)))
        try receiver.finish()
    }

    private func copyBlob(_ descriptor: Descriptor) throws(Problem) {
        var writer = try store.writer(for: descriptor.digest, sizeInBytes: descriptor.size)
        guard var writer = writer.take() else { return }
        try writer.restart()
        let blob = try source.open(Self.path(of: descriptor.digest))
        while let chunk = try blob.nextChunk() { try writer.write(chunk.bytes) }
        try writer.commit()
    }

    /// Reads a manifest, index or configuration and verifies it.
    private func document(_ descriptor: Descriptor) throws(Problem) -> [UInt8] {
        let path = Self.path(of: descriptor.digest)
        let bytes = try source.read(path, limitInBytes: documentLimitInBytes)
        var hasher = try ContentHasher(verifying: descriptor.digest)
        bytes.withUnsafeBytes { hasher.update($0) }
        let found = hasher.digest()
        guard found == descriptor.digest else {
            throw Problem(
                kind: .corrupt, what: "cannot load \(source.name)",
                why: "its file \(path) has the digest \(found)", fix: "save the image again")
        }
        return bytes
    }

    private static func path(of digest: Digest) -> String {
        "blobs/\(digest.algorithm)/\(digest.encoded)"
    }
}

/// Manifests and configurations are small; what is larger is neither.
let documentLimitInBytes: Int64 = 16 << 20

extension LayerReceiver {
    /// Takes in a whole blob from its beginning, whatever an earlier receiver left.
    mutating func receiveAll(of blob: any ByteSource) throws(Problem) {
        var toSkip = Int(offsetInBytes)
        while let chunk = try blob.nextChunk() {
            let bytes = chunk.bytes.dropFirst(toSkip)
            toSkip -= chunk.bytes.count - bytes.count
            if !bytes.isEmpty { try write(UnsafeRawBufferPointer(rebasing: bytes)) }
        }
    }
}
