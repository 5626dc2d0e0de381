import Diagnostics
import OCI
import Storage
import Unpacking

/// Makes an image's plain layers compressed ones before it goes to a registry.
///
/// Kade keeps the layers that it makes as plain archives, so that they have one digest on every
/// machine. Layers that came compressed, or plain from a registry, stay as they are unless the user
/// wants all to be done, and so do images whose digest somebody vouches for: what is attested beside
/// them, in one index, names it.
struct PushCompression: Sendable {
    let encoding: LayerEncoding
    /// How much a layer may have when it is decompressed.
    let limit: ArchiveLimit
    let content: ContentStore

    /// What came of an image or index.
    struct Outcome: Sendable {
        /// What to push.
        var top: Descriptor
        /// Whether it is another one than before.
        var isNew = false
        /// What the user should know.
        var note: String?
    }

    /// Compresses what is here of an image or of an index's images.
    ///
    /// - Parameters:
    ///   - top: what the name stands for.
    ///   - lease: protects what is made.
    /// - Returns: what to push in its place.
    /// - Throws: what the disk refuses.
    func apply(to top: Descriptor, under lease: SharedLease) throws(Problem) -> Outcome {
        guard encoding.format != .uncompressed || encoding.isForced,
            let bytes = try content.documentIfHere(top.digest)
        else { return Outcome(top: top) }
        if top.mediaType == .manifest {
            let image = try compressed(top, bytes, lease)
            return Outcome(top: image, isNew: image.digest != top.digest)
        }
        guard top.mediaType == .index else {
            return Outcome(
                top: top,
                note: encoding.isForced
                    ? "Layers stay as they are: the image has a manifest of Docker's form" : nil)
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
        where index.manifests[position].mediaType == .manifest {
            let child = index.manifests[position]
            guard let bytes = try content.documentIfHere(child.digest) else { continue }
            index.manifests[position] = try compressed(child, bytes, lease)
        }
        let before = try ImageIndex(json: bytes, named: "\(top.digest)")
        guard before != index else { return Outcome(top: top) }
        return Outcome(top: try store(index.json(), of: top, lease), isNew: true)
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
                    kind: .invalid, what: "cannot push \(descriptor.digest)",
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
            && content.contains(layer.digest) && !encoding.isMet(by: layer)
    }

    /// Whether a layer is a plain archive that no registry is known to have.
    private func isOurs(_ layer: Descriptor) -> Bool {
        layer.mediaType == .layer && content.contains(layer.digest)
            && content.sources(of: layer.digest).isEmpty
    }

    private func hasPlainLayers(_ index: ImageIndex) throws(Problem) -> Bool {
        for child in index.manifests where child.mediaType == .manifest && !child.isAttestation {
            guard let bytes = try content.documentIfHere(child.digest) else { continue }
            let manifest = try Manifest(json: bytes, named: "\(child.digest)")
            if manifest.layers.contains(where: isOurs) { return true }
        }
        return false
    }
}
