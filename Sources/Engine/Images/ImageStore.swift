import Diagnostics
import OCI
import Storage
import SystemPackage

/// The images of a data root: names, manifests and configurations.
struct ImageStore: Sendable {
    let content: ContentStore
    let layers: Layers

    init(root: FilePath) throws(Problem) {
        content = try ContentStore(root: root)
        layers = try Layers(root: root)
    }

    /// The store as a plan changes it.
    init(root: FilePath, draft: StoreDraft) {
        content = ContentStore(root: root, draft: draft)
        layers = Layers(reading: root)
    }

    /// Manifests and configurations are small; more than this is none.
    static let documentLimitInBytes = 8 << 20
    /// How deep indexes may nest.
    private static let deepestNesting = 4

    /// An image for one platform, and the entry of the store that leads to it.
    struct Image: Sendable {
        /// The full reference; nil for a dangling image.
        var name: String?
        /// What the reference names: a manifest or an index.
        var root: Descriptor
        /// The digest of its own manifest.
        var manifestDigest: Digest
        var manifest: Manifest
        var configuration: ImageConfiguration

        /// Docker's image ID: the digest of the configuration; of an artifact that of the manifest.
        var id: Digest { isArtifact ? manifestDigest : manifest.config.digest }

        /// Whether it is something else than a container image.
        var isArtifact: Bool { !manifest.config.mediaType.isImageConfiguration }

        var platform: Platform {
            Platform(
                os: configuration.os, architecture: configuration.architecture,
                variant: configuration.variant)
        }
    }

    /// An image for one platform, and the manifests that say where it is from.
    struct PlatformImage: Sendable {
        var image: Image
        /// The digests of attestation manifests, here or not.
        var attestations: [Digest] = []
    }

    /// Finds an image by reference, digest, ID or the beginning of an ID.
    ///
    /// - Parameters:
    ///   - name: as the user wrote it.
    ///   - platform: what it shall run on; nil takes this machine's or else whatever is there.
    /// - Returns: the image.
    /// - Throws: ``Problem`` of kind `notFound`.
    func image(named name: String, platform: Platform?) throws(Problem) -> Image {
        let entry = try entry(named: name)
        let image = try image(of: entry, platform: platform, named: name)
        if let platform, !platform.runnable.contains(image.platform) {
            throw Problem(
                kind: .notFound, what: "cannot use image \(name)",
                why: "image with reference \(name) was found but its platform (\(image.platform)) "
                    + "does not match the specified platform (\(platform))",
                fix: "pull it for that platform: kade pull --platform \(platform) \(name)")
        }
        return image
    }

    /// The entry of the store that a name means.
    func entry(named name: String) throws(Problem) -> References.Entry {
        let entries = try content.references.list()
        if let id = Self.wholeID(name), let entry = entries.first(whose: id, in: self) {
            return entry
        }
        // A text that is no reference may still be an ID.
        if let reference = try? ImageReference(parsing: name) {
            let full = "\(reference.withDefaultTag)"
            if let entry = entries.first(where: { $0.name == full }) { return entry }
            if let digest = reference.digest,
                let entry = entries.first(where: { $0.descriptor.digest == digest })
            {
                return entry
            }
        }
        if let entry = try entry(idPrefix: name, among: entries) { return entry }
        throw noSuchImage(name)
    }

    /// Whether a text is the whole ID of an image that is here.
    func hasImage(wholeID text: String) throws(Problem) -> Bool {
        guard let id = Self.wholeID(text) else { return false }
        return try content.references.list().first(whose: id, in: self) != nil
    }

    /// An entry's image for a platform; without one, of what the store has the best.
    func image(
        of entry: References.Entry, platform: Platform?, named name: String
    ) throws(Problem) -> Image {
        var descriptor = entry.descriptor
        for _ in 0..<Self.deepestNesting where descriptor.mediaType.isIndex {
            guard let child = try child(of: descriptor, for: platform, named: name) else {
                return Image(artifact: descriptor, of: entry)
            }
            descriptor = child
        }
        return try image(descriptor, of: entry)
    }

    /// The image of one manifest that an entry leads to.
    private func image(
        _ descriptor: Descriptor, of entry: References.Entry
    ) throws(Problem) -> Image {
        guard descriptor.mediaType.isManifest else {
            return Image(artifact: descriptor, of: entry)
        }
        let manifest = try Manifest(
            json: try document(descriptor.digest), named: "\(descriptor.digest)")
        let isImage = manifest.config.mediaType.isImageConfiguration
        let configuration =
            if isImage {
                try ImageConfiguration(
                    json: try document(manifest.config.digest), named: "\(manifest.config.digest)")
            } else {
                ImageConfiguration(artifact: manifest)
            }
        return Image(
            name: entry.name, root: entry.descriptor, manifestDigest: descriptor.digest,
            manifest: manifest,
            configuration: configuration)
    }

    /// An entry's images for all platforms that are here, with what is attested of each.
    func platformImages(of entry: References.Entry) throws(Problem) -> [PlatformImage] {
        try platformImages(below: entry.descriptor, of: entry)
    }

    private func platformImages(
        below descriptor: Descriptor, of entry: References.Entry
    ) throws(Problem) -> [PlatformImage] {
        guard descriptor.mediaType.isIndex else {
            return [PlatformImage(image: try image(descriptor, of: entry))]
        }
        let index = try ImageIndex(
            json: try document(descriptor.digest), named: "\(descriptor.digest)")
        var images: [PlatformImage] = []
        for child in index.manifests where !child.isAttestation && content.contains(child.digest) {
            for var found in try platformImages(below: child, of: entry) {
                found.attestations += index.attestations(of: found.image.manifestDigest)
                images.append(found)
            }
        }
        return images
    }

    /// What an index has for a platform; without one, of what is here the best.
    ///
    /// - Returns: nil when nothing of it is here that could be an image for a platform.
    private func child(
        of descriptor: Descriptor, for platform: Platform?, named name: String
    ) throws(Problem) -> Descriptor? {
        var index = try ImageIndex(
            json: try document(descriptor.digest), named: "\(descriptor.digest)")
        // An index names every platform; a pull fetches one.
        index.manifests = index.manifests.filter { content.contains($0.digest) }
        if platform == nil, let only = index.manifests.first, index.manifests.count == 1 {
            return only
        }
        do throws(Problem) {
            return try index.selectManifest(
                for: platform ?? index.usualPlatform, named: name)
        } catch  where error.kind == .notFound && platform == nil {
            return nil
        }
    }

    /// An entry's image: of what the store has the best for this machine.
    func image(of entry: References.Entry) throws(Problem) -> Image {
        try image(of: entry, platform: nil, named: entry.name ?? "<none>")
    }

    /// All images of the store, one for each name.
    ///
    /// - Throws: also when one of them is damaged.
    func images() throws(Problem) -> [Image] {
        var images: [Image] = []
        for entry in try content.references.list() {
            if let image = try presentImage(of: entry) { images.append(image) }
        }
        return images
    }

    /// An entry's image; nil where its reference is gone meanwhile, and its blobs with it.
    ///
    /// - Throws: when the image is damaged.
    func presentImage(of entry: References.Entry) throws(Problem) -> Image? {
        do throws(Problem) {
            return try image(of: entry)
        } catch {
            guard try content.references.list().contains(entry) else { return nil }
            throw error
        }
    }

    /// All images that can be read; `images` names the others.
    func readableImages() throws(Problem) -> [Image] {
        try content.references.list().compactMap { try? image(of: $0) }
    }

    /// The bytes of the image's files.
    func sizeInBytes(of image: Image) throws(Problem) -> Int64 {
        guard !image.isArtifact else { return image.manifest.layers.map(\.size).reduce(0, +) }
        return try sizeInBytes(ofLayers: image.configuration.rootfs.diffIDs)
    }

    /// The bytes of the files of layers.
    func sizeInBytes(ofLayers diffIDs: [Digest]) throws(Problem) -> Int64 {
        var sum: Int64 = 0
        for diffID in diffIDs { sum += layers.wholeRecord(of: diffID)?.sizeInBytes ?? 0 }
        return sum
    }

    private func document(_ digest: Digest) throws(Problem) -> [UInt8] {
        try content.read(digest, limitInBytes: Self.documentLimitInBytes)
    }

    private func entry(
        idPrefix text: String, among entries: [References.Entry]
    ) throws(Problem) -> References.Entry? {
        let prefix = Digest.hash(namedBy: text)
        guard !prefix.isEmpty, prefix.utf8.count <= 128, prefix.utf8.allSatisfy(isHexDigit) else {
            return nil
        }
        var found: (entry: References.Entry, id: Digest)?
        for entry in entries {
            // A damaged image has no ID, and is in the way of no other one.
            guard let id = try? id(of: entry), id.encoded.hasPrefix(prefix) else { continue }
            if let found, found.id != id {
                throw Problem(
                    kind: .invalid, what: "cannot tell which image \(text) is",
                    why: "several IDs begin with it", fix: "give more digits")
            }
            if found == nil { found = (entry, id) }
        }
        return found?.entry
    }

    /// The image ID behind an entry.
    func id(of entry: References.Entry) throws(Problem) -> Digest { try image(of: entry).id }

    /// Whether a text is the beginning of an image's ID or of its digest.
    static func isID(_ text: String, of image: Image) -> Bool {
        let digits = Digest.hash(namedBy: text)
        guard digits.utf8.allSatisfy(isHexDigit), !digits.isEmpty else { return false }
        return image.id.encoded.hasPrefix(digits) || image.root.digest.encoded.hasPrefix(digits)
    }

    /// A whole hash, with or without the algorithm.
    private static func wholeID(_ text: String) -> String? {
        let digits = Digest.hash(namedBy: text)
        return Digest(hash: digits) == nil ? nil : digits
    }

    private func noSuchImage(_ name: String) -> Problem {
        // A text that is no reference is shown as it is.
        let shown = (try? ImageReference(parsing: name))?.withDefaultTag.familiar ?? name
        return Problem(
            kind: .notFound, what: "No such image: \(shown)",
            why: "no image of the store has this name or ID", fix: "kade pull \(name)")
    }
}

extension ImageIndex {
    /// The manifests that BuildKit put beside an image about it.
    fileprivate func attestations(of manifest: Digest) -> [Digest] {
        manifests.filter {
            $0.isAttestation
                && $0.annotations["vnd.docker.reference.digest"] == "\(manifest)"
        }.map(\.digest)
    }

    /// This machine's platform, or one that the index has when it has not that.
    fileprivate var usualPlatform: Platform {
        let platforms = manifests.filter { !$0.isAttestation }.compactMap(\.platform)
        let isForHost = platforms.contains { Platform.host.runnable.contains($0) }
        return isForHost ? .host : platforms.first ?? .host
    }
}

extension ImageStore.Image {
    /// An index without an image for any platform, or other content that somebody named.
    fileprivate init(artifact descriptor: Descriptor, of entry: References.Entry) {
        let manifest = Manifest(
            schemaVersion: 2, mediaType: descriptor.mediaType,
            config: Descriptor(mediaType: .empty, digest: descriptor.digest, size: descriptor.size))
        self.init(
            name: entry.name, root: entry.descriptor, manifestDigest: descriptor.digest,
            manifest: manifest, configuration: ImageConfiguration(artifact: manifest))
    }
}

extension ImageConfiguration {
    /// What stands in a configuration's place for an artifact, which has none.
    fileprivate init(artifact manifest: Manifest) {
        self.init(
            created: manifest.annotations["org.opencontainers.image.created"],
            architecture: "unknown", os: "unknown", rootfs: .init(diffIDs: []))
    }
}

extension [References.Entry] {
    fileprivate func first(
        whose digits: String, in store: ImageStore
    ) -> References.Entry? {
        first { entry in
            // A damaged image has no ID, and is in the way of no other one.
            entry.descriptor.digest.encoded == digits
                || (try? store.id(of: entry))?.encoded == digits
        }
    }
}

extension EngineContext {
    /// The images of the data root.
    func imageStore() throws(Problem) -> ImageStore {
        guard let plan else { return try ImageStore(root: configuration.dataRoot) }
        return ImageStore(root: configuration.dataRoot, draft: plan.storeDraft)
    }
}
