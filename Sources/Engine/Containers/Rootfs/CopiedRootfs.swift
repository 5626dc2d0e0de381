import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

/// Roots without an overlay: the storage driver `vfs`, under which a container has a copy of its
/// image's layers.
extension EngineContext {
    /// The writable layers of containers, with what the engine was told of their making.
    func snapshots() throws(Problem) -> Snapshots {
        var snapshots = try Snapshots(root: configuration.dataRoot)
        snapshots.driver = configuration.storageDriver
        snapshots.notesTrial = plan == nil
        return snapshots
    }

    /// How a container's root is kept, or will be.
    func storageDriver(of record: ContainerRecord) throws(Problem) -> StorageDriver {
        try snapshots().driver(in: configuration.bundle(of: record.id).directory)
    }

    /// The copy of its image's layers that is a container's root; made where it is missing.
    ///
    /// Its files belong to the users of the container's namespace, if it has one of its own.
    func copiedSnapshot(
        of record: ContainerRecord, _ diffIDs: [Digest]
    ) throws(Problem) -> MonitorConfiguration.RootfsMount {
        try restore(diffIDs, exceptArriving: false)
        let copy = LayerCopy(
            in: configuration.bundle(of: record.id).directory,
            lower: try Snapshots(root: configuration.dataRoot).lower(of: diffIDs),
            ownersIn: record.request.namespaces.userMaps)
        if let plan {
            plan.note(.copyRootfs(record, to: copy.root), by: .engine)
        } else {
            try copy.make(lasts: !record.request.isRemovedAfterExit)
        }
        var mount = MonitorConfiguration.RootfsMount(
            at: "", lower: copy.lower.map(\.string), upper: nil, work: nil)
        mount.copy = copy.root.string
        return mount
    }

    /// What shows an image's files to who only reads them; for a user namespace that is given, as
    /// its users' files where the kernel cannot show them so.
    ///
    /// - Parameters:
    ///   - diffIDs: the image's layers; they are there.
    ///   - maps: of the user namespace; nil for none.
    /// - Returns: the directories, the uppermost first; a single one needs no overlay.
    /// - Throws: what keeps a copy from being made.
    func layersForReading(
        of diffIDs: [Digest], for maps: UserMaps?
    ) throws(Problem) -> [FilePath] {
        let lower = try Snapshots(root: configuration.dataRoot).lower(of: diffIDs)
        if try newStorageDriver() == .vfs {
            if lower.count == 1, maps == nil { return lower }
            return [try OwnedLayers(self).copy(of: diffIDs, for: maps)]
        }
        guard let maps, try isRootless() else { return lower }
        return try OwnedLayers(self).layers(of: diffIDs, for: maps)
    }

    /// How new roots are kept.
    func newStorageDriver() throws(Problem) -> StorageDriver { try snapshots().newDriver() }

    /// Refuses what is an overlay by its nature where there is to be none.
    func checkOverlay(above directory: FilePath) throws(Problem) {
        guard try newStorageDriver() == .vfs else { return }
        throw Problem(
            kind: .unsupported, what: "cannot put a layer above \(directory)",
            why: "that takes an overlay, and the storage driver is vfs",
            fix: "give the directory without O, or keep Kade's data (--root) where the kernel"
                + " mounts overlays")
    }
}

extension MonitorConfiguration.RootfsMount {
    /// The mount as its files are read, written and compared.
    ///
    /// - Parameter record: the container that has it.
    /// - Returns: its files.
    func snapshot(of record: ContainerRecord) -> Snapshot {
        guard let copy else { return .overlay(overlay) }
        return .copy(
            LayerCopy(
                at: FilePath(copy), lower: lower.map { FilePath($0) },
                ownersIn: record.request.namespaces.userMaps))
    }

    /// The directories that show its files when they are stacked, the uppermost first; those that
    /// a plan has not made are left out.
    func fileLayers(inPlan isPlan: Bool) -> [FilePath] {
        if let copy, !isPlan || File.exists(FilePath(copy)) { return [FilePath(copy)] }
        let layers = ([upper] + lower).compactMap(\.self).map { FilePath($0) }
        return isPlan ? layers.filter { File.exists($0) } : layers
    }
}

extension EngineConfiguration {
    /// Takes what an environment says of the storage driver.
    ///
    /// - Throws: `.invalid` for a word that is none.
    package mutating func takeStorageDriver(
        from environment: (String) -> String?
    ) throws(Problem) {
        storageDriver = try StorageDriver.Choice(environment: environment)
    }
}
