package import Diagnostics
package import Linux
package import OCI
package import Storage
package import SystemPackage

/// Writes images for other tools: archives and directories of Docker's and OCI's.
package struct ImageSaving: Sendable {
    let store: ContentStore
    let layers: Layers

    /// Saves images of a store.
    package init(store: ContentStore, layers: Layers) {
        self.store = store
        self.layers = layers
    }

    /// What is written.
    package enum Format: String, Sendable, CaseIterable {
        /// An OCI layout and Docker's `manifest.json` over the same blobs, in one archive.
        case docker
        /// Docker's older archive: plain layers beside `manifest.json`.
        case dockerArchive = "docker-archive"
        /// An OCI layout in an archive.
        case ociArchive = "oci-archive"
        /// An OCI layout as a directory.
        case ociDirectory = "oci-dir"
        /// A manifest of Docker's schema 2 and its blobs as a directory (`dir:` of skopeo).
        case dockerDirectory = "docker-dir"

        /// Whether it is a directory.
        package var isDirectory: Bool { self == .ociDirectory || self == .dockerDirectory }
        /// Whether several images fit in it.
        package var holdsSeveral: Bool { self == .docker || self == .dockerArchive }
    }

    /// An image to save.
    package struct Item: Sendable {
        /// Its names; none for one that was named by its ID.
        package var references: [ImageReference]
        /// Its manifest or index.
        package var descriptor: Descriptor

        package init(references: [ImageReference], descriptor: Descriptor) {
            self.references = references
            self.descriptor = descriptor
        }
    }

    /// Writes images into an archive.
    ///
    /// - Parameters:
    ///   - items: the images.
    ///   - format: one that is no directory.
    ///   - platforms: of an index, only these; empty for all that are here.
    ///   - output: a file or pipe, written from its offset.
    ///   - name: what the output is, for errors.
    /// - Throws: `.notFound` when a platform, or a blob, is not here.
    package func save(
        _ items: [Item], as format: Format, platforms: [Platform], to output: consuming OwnedFD,
        named name: String
    ) throws(Problem) {
        precondition(!format.isDirectory, "an archive was asked for")
        var sink: any ArchiveSink = TarSink(SharedFile(output, named: name))
        try save(items, as: format, platforms, to: &sink)
    }

    /// Writes an image into a directory, which is made.
    package func save(
        _ items: [Item], as format: Format, platforms: [Platform], into directory: FilePath
    ) throws(Problem) {
        precondition(format.isDirectory, "a directory was asked for")
        var sink: any ArchiveSink = try DirectorySink(directory)
        try save(items, as: format, platforms, to: &sink)
    }

    private func save(
        _ items: [Item], as format: Format, _ platforms: [Platform],
        to sink: inout any ArchiveSink
    ) throws(Problem) {
        guard items.count < 2 || format.holdsSeveral else {
            throw Problem(
                kind: .invalid, what: "cannot save \(items.count) images as \(format.rawValue)",
                why: "it holds one", fix: "save each by itself, or as docker")
        }
        let lease = try store.lease()
        defer { withExtendedLifetime(lease) {} }
        var chosen: [Item] = []
        for item in items {
            try lease.protect([item.descriptor.digest])
            chosen.append(try choose(item, platforms, lease))
        }
        switch format {
        case .docker, .ociArchive, .ociDirectory:
            var writer = LayoutWriter(self)
            try writer.write(
                chosen, withDockerManifest: format == .docker, lease, to: &sink)
        case .dockerArchive: try DockerArchiveWriter(self).write(chosen, lease, to: &sink)
        case .dockerDirectory:
            for item in chosen { try DockerDirectoryWriter(self).write(item, lease, to: &sink) }
        }
        try sink.finish()
    }
}
