package import Diagnostics
import Linux
package import OCI
package import Storage
package import SystemPackage

/// What a build asks of the engine: images to begin with, and files that one instruction changes.
package struct StepService: Sendable {
    let context: EngineContext

    init(context: EngineContext) {
        self.context = context
    }

    /// What lasts: images, layers and a build's cache.
    package var dataRoot: FilePath { context.configuration.dataRoot }

    /// What ends with the machine.
    package var runRoot: FilePath { context.configuration.runRoot }

    /// An image of the store.
    ///
    /// - Throws: `.notFound` when the store does not have it for the platform.
    package func image(named name: String, platform: Platform?) throws(Problem) -> BaseImage {
        let image = try context.imageStore().image(named: name, platform: platform)
        return BaseImage(
            name: image.name, digest: image.root.digest, manifest: image.manifest,
            configuration: image.configuration)
    }

    /// Whether a text is the whole ID of an image of the store, which so comes from nowhere else.
    package func hasImage(wholeID text: String) throws(Problem) -> Bool {
        try context.imageStore().hasImage(wholeID: text)
    }

    /// Begins to change files on top of layers.
    ///
    /// - Parameter layers: the diffIDs, the lowest first.
    /// - Returns: the files; they go with the value.
    /// - Throws: `.notFound` when a layer is lost and cannot be unpacked again.
    package func begin(on layers: [Digest]) throws(Problem) -> StepFiles {
        try context.restore(layers, exceptArriving: false)
        return try StepFiles(on: layers, in: context)
    }

    /// Mounts layers for one instruction.
    ///
    /// - Parameters:
    ///   - layers: the diffIDs, the lowest first.
    ///   - place: where their files are shown.
    ///   - scratch: gets what is written to them, which is dropped; nil where they are only read.
    /// - Throws: ``Problem`` when the kernel refuses.
    package func mount(
        _ layers: [Digest], at place: FilePath, writingTo scratch: FilePath?
    ) throws(Problem) {
        let files: Snapshot
        if let scratch {
            files = try context.snapshots().prepareStep(in: scratch, layers: layers)
        } else {
            files = .overlay(
                OverlayMount(
                    lower: try context.layersForReading(of: layers, for: nil), upper: nil,
                    work: nil))
        }
        try explaining("cannot mount the layers at \(place)") { () throws(SystemCallError) in
            try files.mount(at: place)
        }
    }

    /// Who `user[:group]` is in an image: names are looked up in its `/etc/passwd` and `/etc/group`.
    package func owner(_ text: String, in layers: [Digest]) throws(Problem) -> FileOwner {
        let rootfs = LayeredRootfs(
            layers: try Snapshots(root: dataRoot).lower(of: layers),
            store: try Layers(root: dataRoot))
        let users = UserLookup(
            passwd: try rootfs.text("/etc/passwd"), group: try rootfs.text("/etc/group"))
        let user = try users.user(text, additionalGroups: [])
        let name = text.prefix { $0 != ":" }
        // A number without an entry and without a group is its own group, as in Docker.
        let isBareNumber =
            UInt32(name) != nil && !text.contains(":")
            && !users.passwd.contains { $0.uid == user.uid }
        return FileOwner(user: user.uid, group: isBareNumber ? user.uid : user.gid)
    }

    /// Has the layers that a build made written to the disk in the background.
    package func flushLayers() {
        ContentHelper(configuration: context.configuration).flushLayers()
    }

    /// What builds have made of which inputs.
    package func buildCache() throws(Problem) -> BuildCache {
        try context.imageStore().content.buildCache
    }

    /// Whether what is to be removed is only noted (`--plan`).
    package var isPlan: Bool { context.plan != nil }

    /// Removes a file or a directory of what builds keep, or with `--plan` only says so.
    package func remove(
        _ path: FilePath, _ body: () throws(Problem) -> Void
    ) throws(Problem) {
        try context.step(.removeDirectory(path), body)
    }

    /// Removes what nothing needs any more: blobs and layers without an image, a container or a
    /// build that would use them again.
    ///
    /// - Returns: the space on the disk that it freed, in bytes.
    package func collectGarbage() throws(Problem) -> Int64 {
        let store = try context.imageStore()
        return try context.collectGarbage(in: store).blobsInBytes
    }
}

/// An image that a build begins with.
package struct BaseImage: Sendable {
    /// The full reference; nil for an image without a name.
    package var name: String?
    /// Of the manifest or index that the name leads to.
    package var digest: Digest
    package var manifest: Manifest
    package var configuration: ImageConfiguration
}

/// Numbers of a user and a group.
package struct FileOwner: Sendable, Equatable {
    package var user: UInt32
    package var group: UInt32

    package init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }

    package static let root = FileOwner(user: 0, group: 0)
}
