package import Diagnostics
package import Linux
package import OCI
package import Storage
package import SystemPackage

/// Loads images from what other tools save: docker-archive, oci-archive, OCI layout and `dir:`.
///
/// Archives may be compressed by gzip, zstd or xz, and may come through a pipe: such a one is first
/// written, uncompressed, to an unnamed file beside the blobs, because its parts are needed in
/// another order than they come.
package struct ImageArchive: Sendable {
    private let store: ContentStore
    private let layers: Layers
    private let platforms: [Platform]
    private let choice: Choice?

    /// One image of a layout, which is taken in without its names.
    package struct Choice: Sendable, Equatable {
        /// Its digest or its tag.
        package var name: String
        /// Whether the layout's only image will do as well.
        package var orSingle: Bool

        package init(name: String, orSingle: Bool) {
            self.name = name
            self.orSingle = orSingle
        }
    }

    /// Loads into a store.
    ///
    /// - Parameters:
    ///   - store: where blobs go.
    ///   - layers: where layers are unpacked.
    ///   - platforms: of images for several, only these; empty for all that the archive has.
    ///   - choice: the one image to take; nil for all, with their names.
    package init(
        store: ContentStore, layers: Layers, platforms: [Platform], choice: Choice?
    ) {
        self.choice = choice
        self.store = store
        self.layers = layers
        self.platforms = platforms
    }

    /// An image that an archive held.
    package struct Image: Sendable, Equatable {
        /// Its names; the archive may have had none.
        package var references: [ImageReference]
        /// Its manifest or index.
        package var descriptor: Descriptor

        package init(references: [ImageReference], descriptor: Descriptor) {
            self.references = references
            self.descriptor = descriptor
        }
    }

    /// How loading goes on.
    package enum Event: Sendable {
        /// A layer (by diffID) is being unpacked, or was there.
        case layer(diffID: Digest, isPresent: Bool)
    }

    /// Loads all images of an archive or layout and makes their names name them.
    ///
    /// - Parameters:
    ///   - path: an archive or the directory of a layout.
    ///   - progress: learns of each layer.
    /// - Returns: the images with their names.
    /// - Throws: `.invalid` when it is no image archive, `.corrupt` when content does not match its
    ///   digest.
    package func load(
        from path: FilePath, progress: (Event) -> Void
    ) throws(Problem) -> [Image] {
        let status = try askingForNamed("cannot load \(path)") { () throws(SystemCallError) in
            try FileStatus(of: path)
        }
        guard status.kind != .directory else {
            let directory = DirectorySource(directory: path)
            return DirectoryTransport.isOne(directory)
                ? try load(DirectoryTransport(directory), progress)
                : try load(directory, progress)
        }
        let file = try askingForNamed("cannot load \(path)") { () throws(SystemCallError) in
            try OwnedFD.open(path, .readOnly)
        }
        return try load(from: file, named: "\(path)", progress: progress)
    }

    /// Loads all images of an archive that is open, or comes through a pipe.
    ///
    /// - Parameters:
    ///   - file: read from its offset.
    ///   - name: what it is, for errors.
    ///   - progress: learns of each layer.
    /// - Returns: the images with their names.
    /// - Throws: `.invalid` when it is no image archive, `.corrupt` when content does not match its
    ///   digest.
    package func load(
        from file: consuming OwnedFD, named name: String, progress: (Event) -> Void
    ) throws(Problem) -> [Image] {
        let plain = try store.uncompressedFile(
            file, named: name, limit: layers.archiveLimit)
        return try load(TarSource(plain), progress)
    }

    private func load(
        _ source: some ArchiveSource, _ progress: (Event) -> Void
    ) throws(Problem) -> [Image] {
        let lease = try store.lease()
        defer { withExtendedLifetime(lease) {} }
        let images: [Image]
        if source.contains("oci-layout"), source.contains("index.json") {
            images = try LayoutReader(
                source: source, store: store, layers: layers, platforms: platforms, choice: choice
            ).load(lease, progress)
        } else if source.contains("manifest.json"), choice == nil {
            images = try DockerArchiveReader(
                source: source, store: store, layers: layers, platforms: platforms
            ).load(lease, progress)
        } else {
            throw Problem(
                kind: .invalid, what: "cannot load \(source.name)",
                why: choice == nil
                    ? "it has neither oci-layout and index.json nor manifest.json"
                    : "it is no OCI layout, which has oci-layout and index.json",
                fix: choice == nil ? "import a root file system with kade import" : nil)
        }
        for image in images {
            for reference in image.references {
                try store.name(reference, image.descriptor)
            }
            if image.references.isEmpty { try store.references.keep(image.descriptor) }
        }
        return images
    }
}

extension ContentStore {
    /// An archive as a plain file that can be read in any order.
    ///
    /// A plain file on disk is used as it is; all else is spooled uncompressed to an unnamed file.
    func uncompressedFile(
        _ file: consuming OwnedFD, named name: String, limit: ArchiveLimit
    ) throws(Problem) -> SharedFile {
        let shared = SharedFile(file, named: name)
        let status = try asking("cannot read \(name)") { () throws(SystemCallError) in
            try shared.status()
        }
        if status.kind == .file, try shared.isUncompressed() { return shared }
        let source = try decompressed(SharedFileSource(shared), limit: limit)
        let ingest = ingest
        let spool = try asking("cannot spool \(name)") { () throws(SystemCallError) in
            try OwnedFD.open(
                ingest, [.readWrite, .temporaryFile], permissions: .ownerReadWrite)
        }
        while let chunk = try source.nextChunk() {
            do throws(SystemCallError) {
                try spool.writeAll(chunk.bytes)
            } catch {
                throw Problem(error, what: "cannot spool \(name)")
            }
        }
        return SharedFile(spool, named: name)
    }
}

extension SharedFile {
    fileprivate func isUncompressed() throws(Problem) -> Bool {
        var magic: [UInt8] = []
        try withUnsafeTemporaryAllocation(byteCount: 6, alignment: 1) {
            buffer throws(Problem) in
            let count = try read(into: buffer, at: 0)
            magic = Array(buffer[..<count])
        }
        return CompressionFormat(magic: magic) == .none
    }
}

/// The bytes of a shared file or pipe from its offset to its end.
private final class SharedFileSource: ByteSource {
    private let file: SharedFile

    init(_ file: SharedFile) { self.file = file }

    func nextChunk() throws(Problem) -> Chunk? {
        let chunk = Chunk(capacity: Chunk.usualCapacity)
        let count = try chunk.fill { buffer throws(Problem) in try file.read(into: buffer) }
        return count == 0 ? nil : chunk
    }
}
