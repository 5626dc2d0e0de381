import Diagnostics
import OCI
import Storage

extension ImageSaving {
    /// An item as it is saved: of OCI's types, and only the platforms that were asked for.
    func choose(
        _ item: Item, _ platforms: [Platform], _ lease: borrowing Lease
    ) throws(Problem) -> Item {
        var item = item
        guard platforms.isEmpty else {
            item.descriptor = try choose(platforms, of: item, lease)
            return item
        }
        if let translated = try store.translation(of: item.descriptor) {
            item.descriptor = try keep(translated, lease)
        }
        return item
    }

    /// The image of an item for this machine, or else the first that is here.
    func image(of item: Item) throws(Problem) -> StoredImage {
        let images = try store.images(of: item.descriptor)
        for platform in Platform.host.runnable {
            if let image = images.first(where: { $0.configuration.platform == platform }) {
                return image
            }
        }
        guard let first = images.first else {
            throw Problem(
                kind: .unsupported, what: "cannot save \(item.descriptor.digest)",
                why: "it is no container image, or its image is not here",
                fix: "pull it again, or save it as oci-archive")
        }
        return first
    }

    private func choose(
        _ platforms: [Platform], of item: Item, _ lease: borrowing Lease
    ) throws(Problem) -> Descriptor {
        let candidates = try leaves(of: item.descriptor)
        let name = item.references.first.map { $0.familiar } ?? "\(item.descriptor.digest)"
        var chosen: [Descriptor] = []
        for platform in platforms {
            let index = ImageIndex(schemaVersion: 2, mediaType: .index, manifests: candidates)
            let found = try index.selectManifest(for: platform, named: name)
            guard !chosen.contains(where: { $0.digest == found.digest }) else { continue }
            chosen.append(found)
        }
        for index in chosen.indices {
            guard let translated = try store.translation(of: chosen[index]) else { continue }
            let platform = chosen[index].platform
            chosen[index] = try keep(translated, lease)
            chosen[index].platform = platform
        }
        if chosen.count == 1 { return chosen[0] }
        let bytes = ImageIndex(schemaVersion: 2, mediaType: .index, manifests: chosen).json()
        let digest = ContentHasher.sha256(bytes)
        try lease.protect([digest])
        try store.store(bytes)
        return Descriptor(mediaType: .index, digest: digest, size: Int64(bytes.count))
    }

    /// The manifests that are here, each with its platform.
    private func leaves(of descriptor: Descriptor) throws(Problem) -> [Descriptor] {
        guard store.contains(descriptor.digest) else { return [] }
        let bytes = try store.document(descriptor.digest)
        if descriptor.mediaType.isIndex {
            var found: [Descriptor] = []
            for child in try ImageIndex(json: bytes, named: "\(descriptor.digest)").manifests {
                found += try leaves(of: child)
            }
            return found
        }
        var leaf = descriptor
        guard leaf.platform == nil, let image = try store.images(of: descriptor).first else {
            return [leaf]
        }
        leaf.platform = image.configuration.platform
        return [leaf]
    }

    private func keep(
        _ manifest: Manifest, _ lease: borrowing Lease
    ) throws(Problem) -> Descriptor {
        let text = manifest.json()
        let digest = ContentHasher.sha256(text)
        try lease.protect([digest])
        try store.store(text)
        return Descriptor(mediaType: .manifest, digest: digest, size: Int64(text.count))
    }
}

extension ImageConfiguration {
    /// What the image runs on.
    var platform: Platform {
        Platform(os: os, architecture: architecture, variant: variant)
    }

    /// Whether the image runs where the platform does.
    func runs(on platform: Platform) -> Bool { platform.runnable.contains(self.platform) }
}
