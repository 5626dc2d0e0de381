package import Diagnostics
package import Linux
package import OCI
package import Storage
import SystemPackage

/// An image of one layer, made from the tar archive of a root file system.
///
/// The same archive and configuration give the same image.
package struct RootfsImport: Sendable {
    private let store: ContentStore
    private let layers: Layers

    /// Imports into a store.
    package init(store: ContentStore, layers: Layers) {
        self.store = store
        self.layers = layers
    }

    /// Imports an archive; compressed by gzip, zstd or xz or not.
    ///
    /// The layer is kept as the plain archive, so that its digest is its diffID.
    ///
    /// - Parameters:
    ///   - file: the archive, read from its offset; a pipe is fine.
    ///   - name: what it is, for errors.
    ///   - configuration: what the image says of itself; its layers are filled in here.
    ///   - reference: the image's name, or nil.
    /// - Returns: the manifest's descriptor.
    /// - Throws: `.corrupt` or `.invalid` when it is no tar archive that can be unpacked.
    package func run(
        from file: consuming OwnedFD, named name: String, configuration: ImageConfiguration,
        as reference: ImageReference?
    ) throws(Problem) -> Descriptor {
        let lease = try store.lease()
        defer { withExtendedLifetime(lease) {} }
        let layer = try storeLayer(FileSource(file, named: name), named: name)
        try lease.protect([layer.digest])
        guard store.contains(layer.digest) else {
            throw Problem(
                kind: .conflict, what: "cannot import \(name)",
                why: "its blob was removed by someone else meanwhile", fix: "try again")
        }
        try layers.unpack(layer.digest, diffID: layer.digest, from: store)
        var configuration = configuration
        configuration.rootfs = ImageConfiguration.Rootfs(type: .layers, diffIDs: [layer.digest])
        let descriptor = try store.storeImage(
            configuration, layers: [layer], annotations: [:], isDockers: false,
            under: lease)
        if let reference {
            try store.references.set(reference, to: descriptor)
        } else {
            try store.references.keep(descriptor)
        }
        return descriptor
    }

    private func storeLayer(
        _ archive: any ByteSource, named name: String
    ) throws(Problem) -> Descriptor {
        let source = try decompressed(archive, limit: layers.archiveLimit)
        var writer = try store.writer()
        while let chunk = try source.nextChunk() { try writer.write(chunk.bytes) }
        guard writer.offsetInBytes > 0 else {
            throw Problem(
                kind: .invalid, what: "cannot import \(name)", why: "it is empty",
                fix: "give a tar archive of a root file system")
        }
        let size = writer.offsetInBytes
        return Descriptor(mediaType: .layer, digest: try writer.commit(), size: size)
    }
}
