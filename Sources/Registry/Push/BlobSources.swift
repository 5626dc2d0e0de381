import Diagnostics
import OCI
import Storage

/// The repositories of one registry that blobs may be mounted from.
///
/// They are those that a blob was pulled from or pushed to, and those whose names in the store lead
/// to it.
struct BlobSources: Sendable {
    private var repositories: [Digest: [String]] = [:]

    /// Finds where blobs may be.
    init(of blobs: [Descriptor], in store: ContentStore, registry: String) throws(Problem) {
        let prefix = registry + "/"
        for blob in blobs {
            for source in store.sources(of: blob.digest).reversed() where source.hasPrefix(prefix) {
                add(String(source.dropFirst(prefix.count)), blob.digest)
            }
        }
        let wanted = Set(blobs.map(\.digest))
        for entry in try store.references.list() {
            guard let name = entry.name, name.hasPrefix(prefix),
                let reference = try? ImageReference(parsing: name)  // else it is no name of ours
            else { continue }
            for image in try store.images(of: entry.descriptor) {
                for part in image.manifest.layers + [image.manifest.config]
                where wanted.contains(part.digest) {
                    add(reference.path, part.digest)
                }
            }
        }
    }

    /// Where a blob may be beside a repository, the most likely first.
    func repositories(of digest: Digest, otherThan own: String) -> [String] {
        (repositories[digest] ?? []).filter { $0 != own }
    }

    private mutating func add(_ repository: String, _ digest: Digest) {
        guard repositories[digest]?.contains(repository) != true else { return }
        repositories[digest, default: []].append(repository)
    }
}
