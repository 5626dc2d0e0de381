package import Diagnostics
package import OCI
package import Storage

/// An image made of another one and of what a container changed: `commit`.
package struct ImageCommit: Sendable {
    /// The container's root: what was written to it is the new layer.
    package var changes: Snapshot
    /// The manifest of the image that the container was made of.
    package var base: Digest
    /// What the new image says of itself: with the base's diffIDs, and a last entry of the history
    /// for the new layer.
    package var configuration: ImageConfiguration
    /// The new image's name, or nil.
    package var reference: ImageReference?

    package init(
        changes: Snapshot, base: Digest, configuration: ImageConfiguration,
        reference: ImageReference?
    ) {
        self.changes = changes
        self.base = base
        self.configuration = configuration
        self.reference = reference
    }

    /// Makes the image.
    ///
    /// Where the container changed no file there is no new layer, only a new configuration.
    ///
    /// - Returns: the manifest's descriptor, and what of the files the layer could not hold.
    /// - Throws: `.notFound` when a part of the base is not in the store any more.
    package func run(
        in store: ContentStore, _ layers: Layers, _ options: LayerOptions
    ) throws(Problem) -> Committed {
        let lease = try store.lease()
        defer { withExtendedLifetime(lease) {} }
        var parts = try baseLayers(in: store, lease)
        let layer = try store.writeLayer(of: changes, options, into: layers, under: lease)
        var configuration = configuration
        if layer.tally.entries > 0 {
            parts.append(layer.descriptor)
            configuration.rootfs.diffIDs.append(layer.diffID)
        } else if !configuration.history.isEmpty {
            configuration.history[configuration.history.count - 1].emptyLayer = true
        }
        let descriptor = try store.storeImage(
            configuration, layers: parts, annotations: [:], isDockers: false,
            under: lease)
        if let reference {
            try store.references.set(reference, to: descriptor)
        } else {
            try store.references.keep(descriptor)
        }
        return Committed(descriptor: descriptor, tally: layer.tally)
    }

    /// What came of it.
    package struct Committed: Sendable {
        package let descriptor: Descriptor
        package let tally: ArchiveTally
    }

    private func baseLayers(
        in store: ContentStore, _ lease: borrowing Lease
    ) throws(Problem) -> [Descriptor] {
        try lease.protect([base])
        let manifest = try Manifest(json: try store.document(base), named: "\(base)")
        try lease.protect(manifest.layers.map(\.digest))
        for layer in manifest.layers where !store.contains(layer.digest) {
            throw Problem(
                kind: .notFound, what: "cannot use the layer \(layer.digest)",
                why: "the image store does not have it any more", fix: "pull the image again")
        }
        // Docker's types do not belong into a manifest of OCI's.
        guard let descriptors = store.translated(manifest) else { return manifest.layers }
        return descriptors.layers
    }
}
