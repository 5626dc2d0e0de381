import Diagnostics
import OCI
import Storage

/// The repositories of one registry that blobs may be mounted from.
///
/// They are those that a blob was pulled from or pushed to, and those whose names in the store lead
/// to it.
struct BlobSources: Sendable {
    private var repositories: [Digest: [String]] = [:]
    private let registry: String
    private let configuration: RegistriesConfiguration

    /// Finds where blobs may be.
    ///
    /// - Parameters:
    ///   - blobs: the blobs.
    ///   - manifests: the manifests that name them, which may have come without them.
    ///   - store: where they are.
    ///   - registry: the registry that they go to.
    ///   - configuration: says where repositories really are.
    /// - Throws: when the store cannot be read.
    init(
        of blobs: [Descriptor], in manifests: [Descriptor], _ store: ContentStore,
        registry: String,
        by configuration: RegistriesConfiguration
    ) throws(Problem) {
        self.registry = registry
        self.configuration = configuration
        for blob in blobs {
            for source in store.sources(of: blob.digest).reversed() { add(source, blob.digest) }
        }
        for descriptor in manifests where descriptor.mediaType.isManifest {
            let sources = store.sources(of: descriptor.digest)
            guard !sources.isEmpty else { continue }
            let manifest = try Manifest(
                json: try store.document(descriptor.digest), named: "\(descriptor.digest)")
            for part in manifest.layers + [manifest.config] {
                for source in sources { add(source, part.digest) }
            }
        }
        let wanted = Set(blobs.map(\.digest))
        for entry in try store.references.list() {
            guard let name = entry.name else { continue }
            for image in try store.images(of: entry.descriptor) {
                for part in image.manifest.layers + [image.manifest.config]
                where wanted.contains(part.digest) {
                    add(name, part.digest)
                }
            }
        }
    }

    /// Where a blob may be beside a repository, the most likely first.
    func repositories(of digest: Digest, otherThan own: String) -> [String] {
        (repositories[digest] ?? []).filter { $0 != own }
    }

    /// Adds the repository of a name when it is one of the registry's.
    private mutating func add(_ name: String, _ digest: Digest) {
        // A name that another tool wrote may be no reference, and a blocked one is of no use.
        guard let reference = try? ImageReference(parsing: name),
            let endpoint = try? configuration.endpoint(of: reference),
            endpoint.registry == registry
        else { return }
        let repository = endpoint.repository
        guard repositories[digest]?.contains(repository) != true else { return }
        repositories[digest, default: []].append(repository)
    }
}
