package import Diagnostics
import Glibc
import Linux
import OCI
import Storage
package import SystemPackage

extension ImageService {
    /// Reads a docker-archive, an oci-archive or an OCI layout.
    ///
    /// - Parameters:
    ///   - archive: a file, a directory, or `/dev/stdin`.
    ///   - progress: is told of each layer.
    /// - Returns: the references (or IDs) that it held.
    /// - Throws: ``Problem`` when the archive is damaged or of another format.
    package func load(
        from archive: FilePath, progress: (TransferEvent) -> Void
    ) throws(Problem) -> [String] {
        let store = try context.imageStore()
        let loaded = try ImageArchive(store: store.content, layers: store.layers)
            .load(from: archive) { event in
                switch event {
                case .layer(let diffID, let isPresent):
                    progress(
                        .layer(
                            digest: "\(diffID)", status: isPresent ? "exists" : "extracting",
                            current: 0, total: 0))
                }
            }
        var names: [String] = []
        for image in loaded {
            names += image.references.map(\.familiar)
            if image.references.isEmpty {
                let entry = References.Entry(name: nil, descriptor: image.descriptor)
                names.append(
                    try store.id(of: entry).map { "\($0)" } ?? "\(image.descriptor.digest)")
            }
        }
        return names
    }

    /// Makes an image of one layer from a root file system's tar archive.
    ///
    /// - Returns: the image's ID.
    package func importRootfs(_ request: ImportRequest) throws(Problem) -> String {
        let store = try context.imageStore()
        let platform = try request.platform.map { text throws(Problem) in
            try Platform(parsing: text)
        }
        let reference = try request.reference.map { text throws(Problem) in
            try ImageReference(parsing: text).withDefaultTag
        }
        var defaults = ImageConfiguration.Defaults()
        for change in request.changes { try defaults.apply(instruction: change) }
        let wanted = platform ?? .host
        let created = Timestamp.now.rfc3339
        let configuration = ImageConfiguration(
            created: created, architecture: wanted.architecture, os: wanted.os,
            variant: wanted.variant, config: defaults, rootfs: .init(diffIDs: []),
            history: [
                .init(
                    created: created,
                    comment: request.message ?? "Imported from \(request.archive)")
            ])
        let file: OwnedFD
        do throws(SystemCallError) {
            file = try OwnedFD.open(request.archive, .readOnly)
        } catch {
            throw Problem(error, what: "cannot import \(request.archive)")
        }
        let descriptor = try RootfsImport(store: store.content, layers: store.layers).run(
            from: file, named: "\(request.archive)", configuration: configuration,
            as: reference)
        let entry = References.Entry(name: nil, descriptor: descriptor)
        return try store.id(of: entry).map { "\($0)" } ?? "\(descriptor.digest)"
    }
}

/// What `import` asks.
package struct ImportRequest: Sendable {
    /// The archive; compressed or not.
    package var archive: FilePath
    /// The new image's name, or nil.
    package var reference: String?
    /// `-m`.
    package var message: String?
    /// `-c`: Dockerfile instructions CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, STOPSIGNAL, USER, VOLUME
    /// and WORKDIR.
    package var changes: [String] = []
    /// `--platform`.
    package var platform: String?

    package init(archive: FilePath) {
        self.archive = archive
    }
}
