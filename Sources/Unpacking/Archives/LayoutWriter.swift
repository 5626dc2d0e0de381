import Diagnostics
import OCI
import Storage

/// Writes an OCI image layout (image-spec, image-layout.md), on demand with Docker's
/// `manifest.json` over the same blobs: what `docker save` writes since version 25.
struct LayoutWriter {
    private let saving: ImageSaving
    private var written: Set<Digest> = []

    init(_ saving: ImageSaving) { self.saving = saving }

    /// Writes all that the images are made of, and keeps it from removal meanwhile.
    mutating func write(
        _ items: [ImageSaving.Item], withDockerManifest: Bool, _ lease: borrowing Lease,
        to sink: inout any ArchiveSink
    ) throws(Problem) {
        try sink.add("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        var index = ImageIndex(schemaVersion: 2, mediaType: .index, manifests: [])
        for item in items {
            try add(item.descriptor, isChild: false, lease, to: &sink)
            index.manifests += Self.entries(item, isShort: withDockerManifest)
        }
        try sink.add("index.json", index.json())
        guard withDockerManifest else { return }
        var list = DockerArchiveList()
        for item in items {
            let image = try saving.image(of: item)
            list.add(
                item, image, configuration: Self.path(of: image.manifest.config.digest),
                layers: image.manifest.layers.map { Self.path(of: $0.digest) })
        }
        try list.write(to: &sink)
    }

    /// One entry for each name; the short form is Docker's, whose `ref.name` is the tag alone.
    private static func entries(_ item: ImageSaving.Item, isShort: Bool) -> [Descriptor] {
        guard !item.references.isEmpty else { return [item.descriptor] }
        return item.references.map { reference in
            var descriptor = item.descriptor
            descriptor.annotations["io.containerd.image.name"] = "\(reference)"
            descriptor.annotations["org.opencontainers.image.ref.name"] =
                isShort ? reference.tag ?? "\(reference)" : "\(reference)"
            return descriptor
        }
    }

    /// Adds content after what it names; a child of an index, and what has an address elsewhere,
    /// may be missing.
    private mutating func add(
        _ descriptor: Descriptor, isChild: Bool, _ lease: borrowing Lease,
        to sink: inout any ArchiveSink
    ) throws(Problem) {
        guard !written.contains(descriptor.digest) else { return }
        let store = saving.store
        try lease.protect([descriptor.digest])
        if !store.contains(descriptor.digest), isChild || !descriptor.urls.isEmpty { return }
        written.insert(descriptor.digest)
        if descriptor.mediaType.isIndex {
            let bytes = try store.document(descriptor.digest)
            let index = try ImageIndex(json: bytes, named: "\(descriptor.digest)")
            for child in index.manifests { try add(child, isChild: true, lease, to: &sink) }
        } else if descriptor.mediaType.isManifest {
            let bytes = try store.document(descriptor.digest)
            let manifest = try Manifest(json: bytes, named: "\(descriptor.digest)")
            for part in [manifest.config] + manifest.layers {
                try add(part, isChild: false, lease, to: &sink)
            }
        }
        try sink.add(
            Self.path(of: descriptor.digest), sizeInBytes: descriptor.size,
            from: FileSource(try store.open(descriptor.digest), named: "\(descriptor.digest)"))
    }

    private static func path(of digest: Digest) -> String {
        "blobs/\(digest.algorithm)/\(digest.encoded)"
    }
}

/// Docker's list of an archive's images: `manifest.json`, and `repositories` of its first version.
struct DockerArchiveList {
    private var images: [JSONValue] = []
    private var repositories: [String: [String: String]] = [:]

    /// Adds an image and where its files are.
    mutating func add(
        _ item: ImageSaving.Item, _ image: StoredImage, configuration: String, layers: [String]
    ) {
        let tagged = item.references.filter { $0.tag != nil }
        images.append([
            "Config": .string(configuration),
            "RepoTags": .array(tagged.map { .string($0.familiar) }),
            "Layers": .array(layers.map { .string($0) }),
        ])
        guard let top = image.configuration.rootfs.diffIDs.last else { return }
        for reference in tagged {
            guard let tag = reference.tag else { continue }
            repositories[reference.familiarName, default: [:]][tag] = top.encoded
        }
    }

    func write(to sink: inout any ArchiveSink) throws(Problem) {
        try sink.add("manifest.json", JSONValue.array(images).json())
        guard !repositories.isEmpty else { return }
        let names = repositories.sorted { $0.key < $1.key }.map { name, tags in
            JSONObject.Member(
                name,
                .object(
                    JSONObject(
                        tags.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })))
        }
        try sink.add("repositories", JSONValue.object(JSONObject(names)).json())
    }
}
