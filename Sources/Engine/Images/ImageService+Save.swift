import ContainerRuntime
package import Diagnostics
package import Linux
import OCI
import Storage
package import SystemPackage

/// What `save` asks.
package struct SaveRequest: Sendable {
    /// The images: references, repositories (all of their tags) and IDs.
    package var names: [String]
    /// docker, docker-archive, oci-archive, oci-dir or docker-dir.
    package var format: String
    /// `--platform`: only these of images that have several.
    package var platforms: [String] = []

    package init(names: [String], format: String) {
        self.names = names
        self.format = format
    }
}

extension ImageService {
    /// Writes images as an archive.
    ///
    /// - Parameters:
    ///   - request: what to write.
    ///   - output: a file or pipe, written from its offset.
    /// - Throws: `.notFound` for an image or a platform that is not here.
    package func save(
        _ request: SaveRequest, to output: borrowing OwnedFD
    ) throws(Problem) {
        try save(request, file: output.rawValue, directory: nil)
    }

    /// Writes an image into a directory, which is made.
    package func save(
        _ request: SaveRequest, into directory: FilePath
    ) throws(Problem) {
        try save(request, file: nil, directory: directory)
    }

    private func save(
        _ request: SaveRequest, file: CInt?, directory: FilePath?
    ) throws(Problem) {
        var arguments = [
            "save", "--root", context.configuration.dataRoot.string, "--format", request.format,
        ]
        for platform in request.platforms { arguments += ["--platform", platform] }
        if let directory { arguments += ["--directory", directory.string] }
        var items: [SavedImage] = []
        for name in request.names { try add(name, to: &items) }
        arguments += items.map(\.argument)
        try ContentHelper(configuration: context.configuration).run(
            arguments, input: nil, file: file,
            what: "cannot save \(request.names.joined(separator: " "))"
        ) { _ in }
        for item in items {
            context.tell(.save, of: .image, item.imageID, ["name": item.imageID])
        }
    }

    /// One image and the names under which it is saved.
    private struct SavedImage {
        let digest: Digest
        let imageID: String
        var references: [String] = []

        var argument: String {
            references.isEmpty
                ? "\(digest)" : "\(digest)=" + references.joined(separator: ",")
        }
    }

    /// Adds what a name means; a bare repository means all of its tags, as in Docker.
    private func add(_ name: String, to items: inout [SavedImage]) throws(Problem) {
        let store = try context.imageStore()
        var found: [References.Entry] = []
        // A text that is no reference may still be an ID.
        if let reference = try? ImageReference(parsing: name), reference.tag == nil,
            reference.digest == nil
        {
            found = try store.content.references.list().filter { entry in
                entry.name.flatMap { try? ImageReference(parsing: $0) }?.repository
                    == reference.repository
            }
        }
        if found.isEmpty { found = [try store.entry(named: name)] }
        for entry in found {
            let image = try store.image(of: entry, platform: nil, named: name)
            let isNamed = !ImageStore.isID(name, of: image)
            let index =
                items.firstIndex { $0.digest == entry.descriptor.digest } ?? items.count
            if index == items.count {
                items.append(
                    SavedImage(digest: entry.descriptor.digest, imageID: "\(image.id)"))
            }
            guard isNamed, let reference = entry.name,
                !items[index].references.contains(reference)
            else { continue }
            items[index].references.append(reference)
        }
    }
}
