package import Diagnostics
import OCI
import Storage
import SystemPackage

extension ImageService {
    /// What an image is made of: its names, the index, a manifest for each platform, and the
    /// configuration and layers of those that are here.
    ///
    /// - Throws: `.notFound` for a name that the store does not have.
    package func map(_ name: String) throws(Problem) -> Picture {
        let context = context.looking()
        let store = try context.imageStore()
        let entry = try store.entry(named: name)
        let records = try context.database.read { database throws(Problem) in
            try database.containers()
        }
        var map = ImageMap(store, records)
        return try map.picture(of: entry, named: name)
    }
}

/// The picture of one image, while it is made.
struct ImageMap {
    private let store: ImageStore
    private let containers: [ContainerRecord]
    private let sharing: LayerSharing
    private var indexes: [Picture.Node] = []
    private var manifests: [Picture.Node] = []
    private var configurations: [Picture.Node] = []
    private var layers: [Picture.Node] = []
    private var edges: [Picture.Edge] = []
    /// The nodes of manifests by digest, and those of layers by what lies below and themselves.
    private var known: [String: String] = [:]

    /// An index may nest, but not without end.
    private static let deepestNesting = 4
    /// So many platforms that are not here have a box of their own.
    private static let shownAbsentees = 2

    init(_ store: ImageStore, _ containers: [ContainerRecord]) {
        self.store = store
        self.containers = containers
        // A damaged image is in the way of no other one; `images` names it.
        let images = (try? store.readableImages()) ?? []
        sharing = LayerSharing(images, containers)
    }

    mutating func picture(of entry: References.Entry, named name: String) throws(Problem) -> Picture
    {
        let root = entry.descriptor
        let names = try store.content.references.list()
            .filter { $0.descriptor.digest == root.digest }.compactMap(\.name)
        let familiar = names.map { name in
            // A name that another tool wrote and that is no reference is shown as it is.
            (try? ImageReference(parsing: name))?.familiar ?? name
        }
        let title = familiar.first ?? "\(root.digest)"
        let reference = Picture.Node(
            "reference", .document, title,
            facts: [.init("file", store.content.references.file.string)]
                + familiar.dropFirst().map { .init("also named", $0) }
                + [.init("leads to", "\(root.digest)")])
        try add(root, below: "reference", label: "names", depth: 0)
        let here = manifests.count(where: \.isThere)
        return Picture(
            of: .image, "Image \(title)",
            summary: indexes.isEmpty
                ? "A manifest names the configuration and the layers; a name leads to it."
                : "An index names a manifest for each platform, of which \(here) "
                    + "\(here == 1 ? "is" : "are") here; a manifest names the configuration and"
                    + " the layers.",
            at: .now,
            groups: [
                Picture.Group("Name", [reference]), Picture.Group("Index", indexes),
                Picture.Group("Manifest", manifests), Picture.Group("Config", configurations),
                Picture.Group("Layers", layers),
            ].filter { !$0.nodes.isEmpty }, edges: edges)
    }

    /// Adds what a descriptor leads to.
    private mutating func add(
        _ descriptor: Descriptor, below parent: String, label: String, depth: Int
    ) throws(Problem) {
        if let id = known["\(descriptor.digest)"] {
            edges.append(Picture.Edge(parent, id, label))
            return
        }
        guard descriptor.mediaType.isIndex, depth < Self.deepestNesting,
            let bytes = try store.content.documentIfHere(descriptor.digest)
        else { return try addManifest(descriptor, below: parent, label: label) }
        let index = try ImageIndex(json: bytes, named: "\(descriptor.digest)")
        let id = "index-\(indexes.count + 1)"
        known["\(descriptor.digest)"] = id
        indexes.append(
            Picture.Node(
                id, .document, "Image index",
                facts: facts(of: descriptor)
                    + [.init("manifests", "\(index.manifests.count)")]))
        edges.append(Picture.Edge(parent, id, label))
        let absent = index.manifests.filter { !store.content.contains($0.digest) }
        for child in index.manifests where store.content.contains(child.digest) {
            try add(child, below: id, label: Self.label(of: child), depth: depth + 1)
        }
        guard absent.count > Self.shownAbsentees else {
            for child in absent {
                try addManifest(child, below: id, label: Self.label(of: child))
            }
            return
        }
        let node = "absent-\(indexes.count)"
        let platforms = absent.map { $0.platform.map { "\($0)" } ?? "no platform" }
        manifests.append(
            Picture.Node(
                node, .document, "\(absent.count) manifests that are not here",
                facts: [.init("for", platforms.joined(separator: ", "))], isThere: false))
        edges.append(Picture.Edge(id, node, ""))
    }

    private static func label(of descriptor: Descriptor) -> String {
        descriptor.isAttestation ? "attestation" : descriptor.platform.map { "\($0)" } ?? ""
    }

    /// Adds a manifest, and what it names as far as that is here.
    private mutating func addManifest(
        _ descriptor: Descriptor, below parent: String, label: String
    ) throws(Problem) {
        let id = "manifest-\(manifests.count + 1)"
        known["\(descriptor.digest)"] = id
        edges.append(Picture.Edge(parent, id, label))
        let platform = descriptor.platform.map { "\($0)" }
        guard let bytes = try store.content.documentIfHere(descriptor.digest) else {
            manifests.append(
                Picture.Node(
                    id, .document, platform.map { "Manifest for \($0)" } ?? "Manifest",
                    facts: facts(of: descriptor) + [.init("here", "no: not pulled")],
                    isThere: false))
            return
        }
        guard descriptor.mediaType.isManifest else {
            manifests.append(
                Picture.Node(id, .document, "Content of another kind", facts: facts(of: descriptor))
            )
            return
        }
        let manifest = try Manifest(json: bytes, named: "\(descriptor.digest)")
        let title = descriptor.isAttestation ? "Attestation" : "Manifest"
        manifests.append(
            Picture.Node(
                id, .document, platform.map { "\(title) for \($0)" } ?? title,
                facts: facts(of: descriptor) + [.init("layers", "\(manifest.layers.count)")]))
        try addContent(of: manifest, below: id)
    }

    /// Adds the configuration of a manifest, and its layers from the top to the bottom.
    private mutating func addContent(of manifest: Manifest, below parent: String) throws(Problem) {
        let config = manifest.config
        let text = try store.content.documentIfHere(config.digest)
        guard config.mediaType.isImageConfiguration else {
            return try addPieces(manifest, below: parent)
        }
        let id: String
        if let known = known["\(config.digest)"] {
            edges.append(Picture.Edge(parent, known, "config"))
            return
        }
        id = "config-\(configurations.count + 1)"
        known["\(config.digest)"] = id
        edges.append(Picture.Edge(parent, id, "config"))
        var node = Picture.Node(
            id, .document, "Configuration", facts: facts(of: config), isThere: text != nil)
        guard let text else {
            node.facts.append(.init("here", "no: not pulled"))
            configurations.append(node)
            return
        }
        let configuration = try ImageConfiguration(json: text, named: "\(config.digest)")
        node.facts += facts(of: configuration)
        let users = containers.filter { $0.imageID == "\(config.digest)" }.map(\.name)
        if !users.isEmpty {
            node.facts.append(.init("containers", users.joined(separator: ", ")))
        }
        configurations.append(node)
        let diffIDs = configuration.rootfs.diffIDs
        var above = id
        for number in diffIDs.indices.reversed() {
            let chain = diffIDs[...number].map { "\($0)" }.joined(separator: " ")
            let label = above == id ? "names the topmost" : "lies on"
            if let below = known[chain] {
                // Another platform has the same from here to the bottom.
                edges.append(Picture.Edge(above, below, label))
                return
            }
            let blob = manifest.layers.indices.contains(number) ? manifest.layers[number] : nil
            let layer = layerNode(
                number, diffIDs[number], blob, of: "\(config.digest)")
            known[chain] = layer.id
            layers.append(layer)
            edges.append(Picture.Edge(above, layer.id, label))
            above = layer.id
        }
    }

    private func facts(of configuration: ImageConfiguration) -> [Picture.Fact] {
        var facts: [Picture.Fact] = []
        if let created = configuration.created { facts.append(.init("created", created)) }
        let defaults = configuration.config
        let command = (defaults?.entrypoint ?? []) + (defaults?.cmd ?? [])
        if !command.isEmpty { facts.append(.init("runs", command.joined(separator: " "))) }
        if let user = defaults?.user, !user.isEmpty { facts.append(.init("user", user)) }
        return facts
    }

    private func layerNode(
        _ number: Int, _ diffID: Digest, _ blob: Descriptor?, of id: String
    ) -> Picture.Node {
        let record = store.layers.wholeRecord(of: diffID)
        var facts: [Picture.Fact] = [.init("diffID", "\(diffID)")]
        if let blob {
            facts.append(.init("blob", "\(blob.digest)"))
            facts.append(.init("blob size", bytes: blob.size))
            facts.append(
                .init("archive", blob.mediaType.layerCompression?.rawValue ?? "\(blob.mediaType)"))
        }
        if let record {
            facts.append(.init("its files", bytes: record.sizeInBytes))
            facts.append(.init("kept as", record.kind.rawValue))
        } else {
            facts.append(.init("its files", "not unpacked"))
        }
        let sharers =
            sharing.images(with: diffID, except: id) + sharing.containers(on: diffID, except: nil)
        facts.append(
            .init("shared with", sharers.isEmpty ? "nobody" : sharers.joined(separator: ", ")))
        return Picture.Node(
            "layer-\(layers.count + 1)", .layer,
            number == 0 ? "Layer 1, the lowest" : "Layer \(number + 1)",
            facts: facts, isThere: record != nil)
    }

    /// The content of a manifest that is no container image.
    private mutating func addPieces(_ manifest: Manifest, below parent: String) throws(Problem) {
        for piece in manifest.layers {
            if let known = known["\(piece.digest)"] {
                edges.append(Picture.Edge(parent, known, "content"))
                continue
            }
            let id = "layer-\(layers.count + 1)"
            known["\(piece.digest)"] = id
            let name = piece.annotations["org.opencontainers.image.title"]
            layers.append(
                Picture.Node(
                    id, .files, name ?? "Content", facts: facts(of: piece),
                    isThere: store.content.contains(piece.digest)))
            edges.append(Picture.Edge(parent, id, "content"))
        }
    }

    private func facts(of descriptor: Descriptor) -> [Picture.Fact] {
        [
            .init("digest", "\(descriptor.digest)"), .init("size", bytes: descriptor.size),
            .init("type", "\(descriptor.mediaType)"),
        ]
    }
}
