import Diagnostics
import OCI
import Storage
import Unpacking

/// Makes an image's plain layers compressed ones before it goes to a registry.
///
/// Kade keeps the layers that it makes as plain archives, so that they have one digest on every
/// machine. Layers that came compressed, or plain from a registry, stay as they are, and so do images
/// whose digest somebody vouches for: what is attested beside them, in one index, names it.
struct PushCompression: Sendable {
    let compression: LayerCompression
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
        guard compression != .uncompressed, let bytes = try content.documentIfHere(top.digest)
        else { return Outcome(top: top) }
        if top.mediaType == .manifest {
            let image = try compressed(top, bytes, lease)
            return Outcome(top: image, isNew: image.digest != top.digest)
        }
        guard top.mediaType == .index else { return Outcome(top: top) }
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
        let text = index.json()
        let digest = ContentHasher.sha256(text)
        let before = try ImageIndex(json: bytes, named: "\(top.digest)")
        guard before != index else { return Outcome(top: top) }
        try lease.protect([digest])
        try content.store(text)
        var new = top
        new.digest = digest
        new.size = Int64(text.count)
        return Outcome(top: new, isNew: true)
    }

    /// The manifest with compressed layers; the same where it has no plain ones.
    private func compressed(
        _ descriptor: Descriptor, _ bytes: [UInt8], _ lease: SharedLease
    ) throws(Problem) -> Descriptor {
        var manifest = try Manifest(json: bytes, named: "\(descriptor.digest)")
        guard manifest.config.mediaType.isImageConfiguration else { return descriptor }
        var isChanged = false
        for position in manifest.layers.indices {
            let layer = manifest.layers[position]
            guard isOurs(layer) else { continue }
            manifest.layers[position] = try content.compress(layer, as: compression, under: lease)
            isChanged = true
        }
        guard isChanged else { return descriptor }
        let text = manifest.json()
        let digest = ContentHasher.sha256(text)
        try lease.protect([digest])
        try content.store(text)
        var new = descriptor
        new.digest = digest
        new.size = Int64(text.count)
        return new
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
