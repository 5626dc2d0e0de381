package import Diagnostics
package import OCI
package import Storage

/// Makes an image's plain layers compressed ones before it goes to a registry or into an archive.
///
/// Kade keeps the layers that it makes as plain archives, so that they have one digest on every
/// machine. Layers that came compressed, or plain from a registry, stay as they are unless the user
/// wants all to be done, and so do images whose digest somebody vouches for: what is attested beside
/// them, in one index, names it.
package struct ImageEncoding: Sendable {
    private let encoding: LayerEncoding
    private let limit: ArchiveLimit
    private let content: ContentStore

    /// - Parameters:
    ///   - encoding: what the layers become.
    ///   - limit: how much a layer may have when it is decompressed.
    ///   - content: where the image is.
    package init(_ encoding: LayerEncoding, limit: ArchiveLimit, content: ContentStore) {
        self.encoding = encoding
        self.limit = limit
        self.content = content
    }

    /// What came of an image or index.
    package struct Outcome: Sendable {
        /// What takes its place.
        package var top: Descriptor
        /// Whether it is another one than before.
        package var isNew = false
        /// What the user should know.
        package var note: String?
    }

    /// Compresses what is here of an image or of an index's images.
    ///
    /// - Parameters:
    ///   - top: what the name stands for.
    ///   - lease: protects what is made.
    /// - Returns: what takes its place.
    /// - Throws: what the disk refuses.
    package func apply(to top: Descriptor, under lease: SharedLease) throws(Problem) -> Outcome {
        guard encoding.format != .uncompressed || encoding.isForced,
            let bytes = try content.documentIfHere(top.digest)
        else { return Outcome(top: top) }
        if isPossible(for: top) {
            let image = try compressed(top, bytes, lease)
            return Outcome(top: image, isNew: image.digest != top.digest)
        }
        guard top.mediaType.isIndex else {
            return Outcome(
                top: top,
                note: encoding.isForced
                    ? "Layers stay as they are: Docker's manifests have no type for them as "
                        + encoding.format.rawValue : nil)
        }
        var index = try ImageIndex(json: bytes, named: "\(top.digest)")
        if index.manifests.contains(where: \.isAttestation) {
            return Outcome(
                top: top,
                note: try hasPlainLayers(index)
                    ? "Layers stay uncompressed: what is attested of the image names its digest"
                    : nil)
        }
        for position in index.manifests.indices
        where isPossible(for: index.manifests[position]) {
            let child = index.manifests[position]
            guard let bytes = try content.documentIfHere(child.digest) else { continue }
            index.manifests[position] = try compressed(child, bytes, lease)
        }
        let before = try ImageIndex(json: bytes, named: "\(top.digest)")
        guard before != index else { return Outcome(top: top) }
        return Outcome(top: try store(index.json(), of: top, lease), isNew: true)
    }

    /// Whether content is a manifest whose family of media types has one for the format.
    private func isPossible(for descriptor: Descriptor) -> Bool {
        descriptor.mediaType == .manifest
            || descriptor.mediaType == .dockerManifest && encoding.format.isDockers
    }

    /// The manifest with compressed layers; the same where it has no plain ones.
    private func compressed(
        _ descriptor: Descriptor, _ bytes: [UInt8], _ lease: SharedLease
    ) throws(Problem) -> Descriptor {
        var manifest = try Manifest(json: bytes, named: "\(descriptor.digest)")
        guard manifest.config.mediaType.isImageConfiguration else { return descriptor }
        var isChanged = false
        var diffIDs: [Int: Digest] = [:]
        for position in manifest.layers.indices {
            let layer = manifest.layers[position]
            guard isToDo(layer) else { continue }
            let encoded = try content.encode(layer, as: encoding, limit: limit, under: lease)
            manifest.layers[position] = encoded.descriptor
            diffIDs[position] = encoded.diffID
            isChanged = true
        }
        guard isChanged else { return descriptor }
        manifest.config = try configuration(manifest.config, diffIDs, lease)
        return try store(manifest.json(), of: descriptor, lease)
    }

    /// The configuration with the digests of archives that became others.
    private func configuration(
        _ descriptor: Descriptor, _ diffIDs: [Int: Digest], _ lease: SharedLease
    ) throws(Problem) -> Descriptor {
        guard !diffIDs.isEmpty, let bytes = try content.documentIfHere(descriptor.digest) else {
            return descriptor
        }
        var configuration = try ImageConfiguration(json: bytes, named: "\(descriptor.digest)")
        for (position, diffID) in diffIDs {
            guard configuration.rootfs.diffIDs.indices.contains(position) else {
                throw Problem(
                    kind: .invalid, what: "cannot compress the layers of \(descriptor.digest)",
                    why: "its configuration names fewer layers than its manifest")
            }
            configuration.rootfs.diffIDs[position] = diffID
        }
        return try store(configuration.json(), of: descriptor, lease)
    }

    private func store(
        _ text: [UInt8], of descriptor: Descriptor, _ lease: SharedLease
    ) throws(Problem) -> Descriptor {
        let digest = ContentHasher.sha256(text)
        try lease.protect([digest])
        try content.store(text)
        var new = descriptor
        new.digest = digest
        new.size = Int64(text.count)
        return new
    }

    /// Whether a layer gets another encoding.
    private func isToDo(_ layer: Descriptor) -> Bool {
        if isOurs(layer) { return encoding.format != .uncompressed }
        return encoding.isForced && layer.mediaType.layerCompression != nil
            && !layer.mediaType.isNondistributable && content.contains(layer.digest)
            && !encoding.isMet(by: layer)
    }

    /// Whether a layer is a plain archive that no registry is known to have.
    private func isOurs(_ layer: Descriptor) -> Bool {
        (layer.mediaType == .layer || layer.mediaType == .dockerLayer)
            && content.contains(layer.digest)
            && content.sources(of: layer.digest).isEmpty
    }

    private func hasPlainLayers(_ index: ImageIndex) throws(Problem) -> Bool {
        for child in index.manifests where child.mediaType.isManifest {
            guard !child.isAttestation, let bytes = try content.documentIfHere(child.digest)
            else { continue }
            let manifest = try Manifest(json: bytes, named: "\(child.digest)")
            if manifest.layers.contains(where: isOurs) { return true }
        }
        return false
    }
}
