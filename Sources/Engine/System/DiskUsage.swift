import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

/// What the data root holds, byte by byte: `system df`.
///
/// All sizes are those on the disk (`st_blocks`), as `du` counts them.
package struct DiskUsage: Sendable {
    /// Images by their IDs.
    package var images: [ImageUse] = []
    package var containers: [ContainerUse] = []
    package var volumes: [VolumeUsage] = []
    package var buildCache: [BuildCacheUse] = []
    /// All parts of the data root; together they are ``totalInBytes``.
    package var parts: [Part] = []
    /// Of the blobs and unpacked layers of all images, each once, of those that nothing needs, and of
    /// copies of images.
    package var imagesInBytes: Int64 = 0
    /// Of blobs and layers that only images without containers have, and of those that no image has.
    package var reclaimableImagesInBytes: Int64 = 0
    /// Of what builds keep for later ones, without what images have too.
    package var buildCacheInBytes: Int64 = 0
    /// The whole data root.
    package var totalInBytes: Int64 = 0

    /// An image, and what of it others have too.
    package struct ImageUse: Sendable {
        package let id: String
        /// Its full references; none for a dangling one.
        package let names: [String]
        package let created: Timestamp?
        /// Of its blobs and unpacked layers.
        package let sizeInBytes: Int64
        /// What of that other images have too.
        package let sharedInBytes: Int64
        package let containers: Int
        package var uniqueInBytes: Int64 { sizeInBytes - sharedInBytes }
    }

    /// A container and its files.
    package struct ContainerUse: Sendable {
        package let summary: ContainerSummary
        /// Its directory: the writable layer, the log and what the engine keeps.
        package let sizeInBytes: Int64
        /// Whether it runs.
        package let isActive: Bool
    }

    /// A volume and its files.
    package struct VolumeUsage: Sendable {
        package let name: String
        package let sizeInBytes: Int64
        /// How many containers use it.
        package let links: Int
    }

    /// What a build keeps for later ones: the layer of an instruction, or a cache directory.
    package struct BuildCacheUse: Sendable {
        package let id: String
        package let kind: Kind
        /// Of its blob and unpacked layer, or of its directory.
        package let sizeInBytes: Int64
        package let lastUsed: Timestamp
        /// Whether an image or a container has it too, so that a prune frees nothing.
        package let isShared: Bool

        package enum Kind: String, Sendable {
            /// What an instruction made.
            case regular
            /// The directory of a `RUN --mount=type=cache`.
            case mount = "exec.cachemount"
        }
    }

    /// A part of the data root.
    package struct Part: Sendable {
        package let name: String
        /// Relative to the data root.
        package let path: String
        package let files: Int
        package let sizeInBytes: Int64
        /// What removes unused parts of it.
        package let remedy: String
    }
}

extension SystemService {
    /// Measures the data root.
    package func diskUsage() throws(Problem) -> DiskUsage {
        var usage = DiskUsage()
        let store = try context.imageStore()
        let containers = try ContainerService(context: context).list(Self.everything)
        let measured = try MeasuredStore(store)
        try usage.addImages(measured, in: store, containers, context)
        let copies = try OwnedLayers(context).spaces()
        usage.imagesInBytes += copies.totalInBytes
        usage.reclaimableImagesInBytes += copies.unusedInBytes
        try usage.addCacheMounts(below: context.configuration.dataRoot)
        let root = context.configuration.dataRoot
        for summary in containers {
            let bundle = context.configuration.bundle(of: summary.id)
            usage.containers.append(
                .init(
                    summary: summary, sizeInBytes: try measure(bundle.directory).allocatedInBytes,
                    isActive: summary.state.isAlive))
        }
        let links = try context.database.read { database throws(Problem) in
            try database.volumeLinks()
        }
        for (name, count) in links.sorted(by: { $0.key < $1.key }) {
            let size = try measure(context.configuration.volumesDirectory.appending(name))
            usage.volumes.append(
                .init(name: name, sizeInBytes: size.allocatedInBytes, links: count))
        }
        try usage.addParts(of: root, measured)
        return usage
    }
}

/// The sizes of all blobs and layers.
struct MeasuredStore {
    var blobs: [Digest: TreeUsage] = [:]
    var layers: [Digest: TreeUsage] = [:]

    init(_ store: ImageStore) throws(Problem) {
        for digest in try store.content.list() {
            blobs[digest] = try measure(store.content.path(of: digest))
        }
        for diffID in try store.layers.list() {
            // Its directory holds the files and the record.
            var usage = try measure(store.layers.path(of: diffID).removingLastComponent())
            let blob = store.content.path(of: diffID)
            let isShared = try explaining("cannot look at \(blob)") {
                () throws(SystemCallError) in try store.layers.isShared(blob, as: diffID)
            }
            // The file counts as the blob that it is, too.
            if isShared, let own = blobs[diffID] {
                usage.files -= own.files
                usage.allocatedInBytes -= own.allocatedInBytes
            }
            layers[diffID] = usage
        }
    }

    /// All of an image's blobs and layers that are here.
    func size(of items: Set<Item>) -> Int64 {
        items.reduce(0) { $0 + size(of: $1) }
    }

    func size(of item: Item) -> Int64 {
        switch item {
        case .blob(let digest): blobs[digest]?.allocatedInBytes ?? 0
        case .layer(let diffID): layers[diffID]?.allocatedInBytes ?? 0
        }
    }

    /// A part of an image.
    enum Item: Hashable {
        case blob(Digest)
        case layer(Digest)
    }
}

/// The size of a file or tree; nothing where it has vanished.
func measure(_ path: FilePath) throws(Problem) -> TreeUsage {
    do throws(SystemCallError) {
        return try Directory.treeUsage(path)
    } catch {
        throw Problem(what: "cannot measure \(path)", refusal: error)
    }
}

extension DiskUsage {
    fileprivate mutating func addImages(
        _ measured: MeasuredStore, in store: ImageStore, _ containers: [ContainerSummary],
        _ context: EngineContext
    ) throws(Problem) {
        var items: [Digest: Set<MeasuredStore.Item>] = [:]
        var names: [Digest: [String]] = [:]
        var created: [Digest: Timestamp] = [:]
        for image in try store.readableImages() {
            items[image.id, default: []].formUnion(try store.items(of: image))
            names[image.id, default: []] += image.name.map { [$0] } ?? []
            created[image.id] = image.configuration.created.flatMap { Timestamp(rfc3339: $0) }
        }
        var owners: [MeasuredStore.Item: Int] = [:]
        for item in items.values.joined() { owners[item, default: 0] += 1 }
        var needed: Set<MeasuredStore.Item> = []
        for diffID in try context.layersInUse() { needed.insert(.layer(diffID)) }
        for (id, parts) in items.sorted(by: { $0.key.encoded < $1.key.encoded }) {
            let count = containers.count { $0.imageID == "\(id)" }
            if count > 0 { needed.formUnion(parts) }
            images.append(
                .init(
                    id: "\(id)", names: names[id] ?? [], created: created[id],
                    sizeInBytes: measured.size(of: parts),
                    sharedInBytes: measured.size(of: parts.filter { owners[$0, default: 0] > 1 }),
                    containers: count))
        }
        let cached = try addCachedSteps(
            measured, in: store, otherwise: needed.union(owners.keys))
        let all = Set(measured.blobs.keys.map { MeasuredStore.Item.blob($0) })
            .union(measured.layers.keys.map { .layer($0) }).subtracting(cached)
        imagesInBytes = measured.size(of: all)
        reclaimableImagesInBytes = measured.size(of: all.subtracting(needed))
    }

    /// Adds what instructions of builds have made.
    ///
    /// - Returns: the blobs and layers that nothing else has.
    private mutating func addCachedSteps(
        _ measured: MeasuredStore, in store: ImageStore, otherwise used: Set<MeasuredStore.Item>
    ) throws(Problem) -> Set<MeasuredStore.Item> {
        var own: Set<MeasuredStore.Item> = []
        let records = try store.content.buildCache.records()
        for (key, step) in records.sorted(by: { $0.key.encoded < $1.key.encoded }) {
            var items: Set<MeasuredStore.Item> = []
            if let layer = step.layer { items.insert(.blob(layer.digest)) }
            if let diffID = step.diffID { items.insert(.layer(diffID)) }
            own.formUnion(items.subtracting(used))
            buildCache.append(
                .init(
                    id: key.encoded, kind: .regular, sizeInBytes: measured.size(of: items),
                    lastUsed: Timestamp(nanosecondsSinceEpoch: step.usedAtSeconds * 1_000_000_000),
                    isShared: !items.isDisjoint(with: used)))
        }
        buildCacheInBytes += measured.size(of: own)
        return own
    }

    /// Adds the directories of `RUN --mount=type=cache`.
    fileprivate mutating func addCacheMounts(below root: FilePath) throws(Problem) {
        let directory = root.appending("build/mounts")
        guard File.exists(directory) else { return }
        for name in try names(in: directory) where !name.hasSuffix(".lock") {
            let path = directory.appending(name)
            let size = try measure(path).allocatedInBytes
            let used: Int64
            do throws(SystemCallError) {
                used = try FileStatus(of: path).modified.seconds
            } catch {
                throw Problem(what: "cannot look at \(path)", refusal: error)
            }
            buildCacheInBytes += size
            buildCache.append(
                .init(
                    id: name, kind: .mount, sizeInBytes: size,
                    lastUsed: Timestamp(nanosecondsSinceEpoch: used * 1_000_000_000),
                    isShared: false))
        }
    }

    /// Divides the data root; what is left over has a part of its own.
    fileprivate mutating func addParts(
        of root: FilePath, _ measured: MeasuredStore
    ) throws(Problem) {
        let total = try measure(root)
        totalInBytes = total.allocatedInBytes
        add("Image blobs", "image/blobs", Self.sum(measured.blobs), "kade image prune -a")
        add("Unpacked layers", "layers", Self.sum(measured.layers), "kade image prune -a")
        add(
            "Copies of images", "owned", try measure(root.appending("owned")),
            "kade image prune -a")
        add(
            "Arriving layers", "layers/arriving",
            try measure(root.appending("layers/arriving")), "kade image prune")
        add(
            "Arriving content", "image/ingest", try measure(root.appending("image/ingest")),
            "kade image prune")
        add(
            "Containers", "containers", try measure(root.appending("containers")),
            "kade container prune")
        add("Build cache", "build", try measure(root.appending("build")), "kade builder prune")
        add("Volumes", "volumes", try measure(root.appending("volumes")), "kade volume prune")
        var database = TreeUsage()
        for suffix in ["", "-wal", "-shm"] {
            database.add(try measure(root.appending("kade.db\(suffix)")))
        }
        add("Database", "kade.db", database, "")
        let named: Set<String> = ["image", "layers", "owned", "containers", "volumes", "build"]
        let entries = try names(in: root)
        for name in entries where !named.contains(name) && !name.hasPrefix("kade.db") {
            add("Other: \(name)", name, try measure(root.appending(name)), "")
        }
        let known = parts.reduce(into: (files: 0, bytes: Int64(0))) {
            $0.files += $1.files
            $0.bytes += $1.sizeInBytes
        }
        parts.append(
            .init(
                name: "Directories and names", path: ".", files: total.files - known.files,
                sizeInBytes: totalInBytes - known.bytes, remedy: ""))
    }

    private func names(in directory: FilePath) throws(Problem) -> [String] {
        do throws(SystemCallError) {
            return try Directory.list(directory).map(\.name.string).sorted()
        } catch {
            throw Problem(what: "cannot list \(directory)", refusal: error)
        }
    }

    private mutating func add(_ name: String, _ path: String, _ usage: TreeUsage, _ remedy: String)
    {
        parts.append(
            .init(
                name: name, path: path, files: usage.files, sizeInBytes: usage.allocatedInBytes,
                remedy: remedy))
    }

    private static func sum(_ usages: [Digest: TreeUsage]) -> TreeUsage {
        usages.values.reduce(into: TreeUsage()) { $0.add($1) }
    }
}

extension ImageStore {
    /// The blobs and unpacked layers of an image, and of the other platforms of its index.
    fileprivate func items(of image: Image) throws(Problem) -> Set<MeasuredStore.Item> {
        var items: Set<MeasuredStore.Item> = [.blob(image.root.digest)]
        for digest in try content.closure(of: image.root) { items.insert(.blob(digest)) }
        for other in try content.images(of: image.root) {
            for diffID in other.configuration.rootfs.diffIDs { items.insert(.layer(diffID)) }
        }
        return items
    }
}
