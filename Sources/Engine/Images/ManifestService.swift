package import Diagnostics
package import OCI
import Storage
import SystemPackage

/// Lists of images for several platforms that a user puts together and pushes.
///
/// A list is an index of the store under its name. Its images may be here or at their registries:
/// of those only manifests and configurations are fetched.
package struct ManifestService: Sendable {
    let context: EngineContext

    init(context: EngineContext) {
        self.context = context
    }

    /// What an image of a list runs on, as far as it is said.
    package struct PlatformChange: Sendable {
        package var architecture: String?
        package var os: String?
        package var osVersion: String?
        package var osFeatures: [String] = []
        package var variant: String?

        package init() {}
    }

    /// Makes a list, or adds to one.
    ///
    /// - Parameters:
    ///   - name: the list's name.
    ///   - images: images of the store or of registries.
    ///   - amends: whether the list may be there.
    ///   - isInsecure: whether registries may speak http.
    /// - Returns: the list's full name.
    /// - Throws: `.conflict` when the list is there and is not to be amended; what keeps an image from
    ///   being fetched.
    package func create(
        _ name: String, of images: [String], amends: Bool, isInsecure: Bool
    ) throws(Problem) -> String {
        let store = try context.imageStore()
        let reference = try ImageReference(parsing: name).withDefaultTag
        var list = ImageIndex(schemaVersion: 2, mediaType: .index)
        if let known = try store.content.references.descriptor(of: reference) {
            guard amends, known.mediaType.isIndex else {
                throw Problem(
                    kind: .conflict, what: "cannot create the manifest list \(reference)",
                    why: "there is an image or a list of this name",
                    fix: known.mediaType.isIndex ? "add to it with --amend" : nil)
            }
            list = try index(known, in: store)
        }
        for image in images {
            let child = try descriptor(of: image, isInsecure: isInsecure, in: store)
            list.manifests.removeAll { $0.digest == child.digest }
            list.manifests.append(child)
        }
        try save(list, as: reference, in: store)
        return "\(reference)"
    }

    /// Says what an image of a list runs on.
    package func annotate(
        _ name: String, image: String, _ change: PlatformChange
    ) throws(Problem) {
        let store = try context.imageStore()
        let (reference, known) = try list(named: name, in: store)
        var list = try index(known, in: store)
        let child = try descriptor(of: image, isInsecure: false, in: store)
        guard let position = list.manifests.firstIndex(where: { $0.digest == child.digest }) else {
            throw Problem(
                kind: .notFound, what: "cannot annotate \(image) in \(reference)",
                why: "the list does not have \(child.digest)",
                fix: "add it with: kade manifest create --amend")
        }
        let old = list.manifests[position].platform
        list.manifests[position].platform = change.applied(to: old)
        try save(list, as: reference, in: store)
    }

    /// The text of a list of the store, or of a manifest or index of a registry.
    ///
    /// - Parameters:
    ///   - name: the list or image.
    ///   - list: the list that the image is one of, or nil.
    ///   - isInsecure: whether registries may speak http.
    /// - Returns: the text.
    /// - Throws: `.notFound` when there is none.
    package func inspect(
        _ name: String, in list: String?, isInsecure: Bool
    ) throws(Problem) -> JSONValue {
        let store = try context.imageStore()
        if let list {
            let (reference, known) = try self.list(named: list, in: store)
            let child = try descriptor(of: name, isInsecure: isInsecure, in: store)
            guard
                try index(known, in: store).manifests.contains(where: { $0.digest == child.digest })
            else {
                throw Problem(
                    kind: .notFound, what: "cannot inspect \(name)",
                    why: "the list \(reference) does not have \(child.digest)")
            }
            return try JSONValue.parse(
                try store.content.document(child.digest), named: "\(child.digest)")
        }
        let reference = try ImageReference(parsing: name).withDefaultTag
        if let known = try store.content.references.descriptor(of: reference),
            known.mediaType.isIndex
        {
            return try JSONValue.parse(
                try store.content.document(known.digest), named: "\(reference)")
        }
        let found = try fetch("\(reference)", isStored: false, isInsecure: isInsecure)
        return try JSONValue.parse(Array((found.text("text") ?? "").utf8), named: "\(reference)")
    }

    /// Sends a list to its registry; images that are not here are taken over from their repositories.
    ///
    /// - Returns: the list's digest.
    package func push(
        _ name: String, purges: Bool, isInsecure: Bool, progress: (TransferEvent) -> Void
    ) throws(Problem) -> String {
        let store = try context.imageStore()
        let (reference, known) = try list(named: name, in: store)
        var request = TransferRequest("\(reference)")
        request.isWhole = true
        // The user put the images of these digests together.
        request.encoding = LayerEncoding(.uncompressed)
        request.isInsecure = isInsecure
        try ImageService(context: context).push(request, progress: progress)
        if purges { try store.content.references.remove(reference) }
        return "\(known.digest)"
    }

    /// Removes a list; its images stay where they have other names.
    package func remove(_ name: String) throws(Problem) {
        let store = try context.imageStore()
        let (reference, _) = try list(named: name, in: store)
        try store.content.references.remove(reference)
    }

    func list(
        named name: String, in store: ImageStore
    ) throws(Problem) -> (ImageReference, Descriptor) {
        let reference = try ImageReference(parsing: name).withDefaultTag
        guard let known = try store.content.references.descriptor(of: reference),
            known.mediaType.isIndex
        else {
            throw Problem(
                kind: .notFound, what: "No such manifest: \(reference.familiar)",
                why: "no list of the store has this name",
                fix: "make it with: kade manifest create \(name) IMAGE")
        }
        return (reference, known)
    }

    func index(
        _ descriptor: Descriptor, in store: ImageStore
    ) throws(Problem) -> ImageIndex {
        try ImageIndex(
            json: try store.content.document(descriptor.digest), named: "\(descriptor.digest)")
    }

    /// Stores a list under its name, in the place of what it was before.
    func save(
        _ list: ImageIndex, as reference: ImageReference, in store: ImageStore
    ) throws(Problem) {
        var list = list
        let areDocker = list.manifests.allSatisfy { $0.mediaType == .dockerManifest }
        list.mediaType = areDocker && !list.manifests.isEmpty ? .dockerManifestList : .index
        let text = list.json()
        let content = store.content
        let lease = context.plan == nil ? try content.lease() : nil  // until the reference keeps it
        defer { withExtendedLifetime(lease) {} }
        try lease?.protect([ContentHasher.sha256(text)] + list.manifests.map(\.digest))
        let digest = try content.store(text)
        let old = try content.references.descriptor(of: reference)
        try content.references.set(
            reference,
            to: Descriptor(
                mediaType: list.mediaType ?? .index, digest: digest, size: Int64(text.count)))
        if let old, old.digest != digest,
            try !content.references.list().contains(where: {
                $0.descriptor.digest == old.digest && $0.name != nil
            })
        {
            try content.references.removeAll(of: old.digest)
        }
    }

    /// What a list says of an image of the store or of a registry.
    func descriptor(
        of name: String, isInsecure: Bool, in store: ImageStore
    ) throws(Problem) -> Descriptor {
        if let image = try localImage(name, in: store) {
            return image
        }
        guard context.plan == nil else {
            throw Problem(
                kind: .unavailable, what: "cannot plan a list with \(name)",
                why: "the image's manifest would be fetched first, and the list depends on it",
                fix: "kade pull \(name)")
        }
        let line = try fetch(name, isStored: true, isInsecure: isInsecure)
        let type = MediaType(rawValue: line.text("mediaType") ?? "")
        let digest = try Digest(parsing: line.text("digest") ?? "")
        guard type.isManifest else {
            throw Problem(
                kind: .invalid, what: "cannot put \(name) into a manifest list",
                why: "it is a manifest list itself", fix: "name its images by their digests")
        }
        let manifest = try Manifest(
            json: try store.content.document(digest), named: "\(digest)")
        return try described(
            Descriptor(mediaType: type, digest: digest, size: line.integer("size") ?? 0), manifest,
            in: store)
    }

    /// The one image of the store that a name means; nil when the store has none.
    private func localImage(_ name: String, in store: ImageStore) throws(Problem) -> Descriptor? {
        let entry: References.Entry
        do throws(Problem) {
            entry = try store.entry(named: name)
        } catch  where error.kind == .notFound {
            return nil
        }
        guard !entry.descriptor.mediaType.isIndex else {
            // A pull brings one platform of an index, which is what the name means here.
            let image = try store.image(of: entry, platform: nil, named: name)
            let size = try store.content.sizeInBytes(of: image.manifestDigest) ?? 0
            return try described(
                Descriptor(
                    mediaType: image.manifest.mediaType ?? .manifest, digest: image.manifestDigest,
                    size: size), image.manifest, in: store)
        }
        let manifest = try Manifest(
            json: try store.content.document(entry.descriptor.digest),
            named: "\(entry.descriptor.digest)")
        var plain = entry.descriptor
        plain.annotations = [:]
        return try described(plain, manifest, in: store)
    }

    /// The descriptor with the platform that the configuration says.
    private func described(
        _ descriptor: Descriptor, _ manifest: Manifest, in store: ImageStore
    ) throws(Problem) -> Descriptor {
        var descriptor = descriptor
        guard manifest.config.mediaType.isImageConfiguration else { return descriptor }
        let configuration = try ImageConfiguration(
            json: try store.content.document(manifest.config.digest),
            named: "\(manifest.config.digest)")
        descriptor.platform = Platform(
            os: configuration.os, architecture: configuration.architecture,
            variant: configuration.variant, osVersion: configuration.osVersion,
            osFeatures: configuration.osFeatures)
        return descriptor
    }

    func fetch(
        _ name: String, isStored: Bool, isInsecure: Bool
    ) throws(Problem) -> JSONValue {
        var arguments = ["manifest", "--root", context.configuration.dataRoot.string]
        if isStored { arguments.append("--store") }
        if isInsecure { arguments.append("--tls-verify=false") }
        var found: JSONValue?
        try ContentHelper(configuration: context.configuration).run(
            arguments + [name], input: nil, file: nil, what: "cannot fetch \(name)"
        ) { line in
            if line["event"]?.string == "manifest" { found = line }
        }
        guard let found else {
            throw Problem(
                kind: .bug, what: "cannot fetch \(name)",
                why: "kade-server ended without a result")
        }
        return found
    }
}
