import ContainerRuntime
import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

extension EngineContext {
    /// The mount of a container's root file system, with its writable layer or copy made.
    func snapshot(
        of record: ContainerRecord
    ) throws(Problem) -> MonitorConfiguration.RootfsMount {
        let diffIDs = try record.diffIDs()
        if try storageDriver(of: record) == .vfs {
            return try copiedSnapshot(of: record, diffIDs)
        }
        if let maps = record.request.namespaces.userMaps, try isRootless() {
            return try ownedSnapshot(of: record, diffIDs, maps)
        }
        try restore(diffIDs, exceptArriving: true)
        let layers = try Layers(root: configuration.dataRoot)
        let overlay = try writableLayer(of: record, on: diffIDs)
        var mount = MonitorConfiguration.RootfsMount(
            at: "", lower: overlay.lower.map(\.string), upper: overlay.upper?.string,
            work: overlay.work?.string)
        mount.hasMappedOwners = record.request.namespaces.userMaps != nil
        for (index, files) in mount.lower.enumerated() {
            let place = diffIDs.first { layers.arrivingPath(of: $0).string == files }
            guard let diffID = place else { continue }
            guard let arrival = layers.arrival(of: diffID) else {
                mount.lower[index] = try layers.show(diffID).string  // it has arrived meanwhile
                continue
            }
            mount.arrivals.append(
                MonitorConfiguration.Arrival(
                    files: files, settled: layers.path(of: diffID).string,
                    process: arrival.process, startTime: arrival.startTime, gate: arrival.gate,
                    end: arrival.end))
        }
        return mount
    }

    /// The overlay of a container whose image's files are given to other users in a copy.
    private func ownedSnapshot(
        of record: ContainerRecord, _ diffIDs: [Digest], _ maps: UserMaps
    ) throws(Problem) -> MonitorConfiguration.RootfsMount {
        try restore(diffIDs, exceptArriving: false)
        let lower = try OwnedLayers(self).layers(of: diffIDs, for: maps)
        let bundle = configuration.bundle(of: record.id)
        if let plan {
            plan.note(.prepareRootfs(record), by: .engine)
        } else {
            _ = try Snapshots(root: configuration.dataRoot).prepare(
                in: bundle.directory, lower: lower)
        }
        return MonitorConfiguration.RootfsMount(
            at: "", lower: lower.map(\.string), upper: bundle.upper.string,
            work: bundle.work.string)
    }

    private func writableLayer(
        of record: ContainerRecord, on diffIDs: [Digest]
    ) throws(Problem) -> OverlayMount {
        let snapshots = try Snapshots(root: configuration.dataRoot)
        guard let plan else {
            return try snapshots.prepare(container: record.id, layers: diffIDs)
        }
        plan.note(.prepareRootfs(record), by: .engine)
        let bundle = configuration.bundle(of: record.id)
        return OverlayMount(
            lower: try snapshots.lower(of: diffIDs), upper: bundle.upper, work: bundle.work)
    }

    /// The files of a container as they are or will be, for whoever reads them.
    func snapshots(of record: ContainerRecord) throws(Problem) -> [Snapshot] {
        try mounts(of: record).map { $0.snapshot(of: record) }
    }

    /// The same, with the place of each: what the last start mounted.
    func mounts(
        of record: ContainerRecord
    ) throws(Problem) -> [MonitorConfiguration.RootfsMount] {
        let path = configuration.bundle(of: record.id).monitor
        var bytes: [UInt8] = []
        do throws(SystemCallError) {
            bytes = try File.read(path)
        } catch {
            guard error.errno == .noSuchFileOrDirectory else {
                throw Problem(what: "cannot read \(path)", refusal: error)
            }
        }
        // A start's files are not synced: a power failure may leave them without their content.
        guard bytes.contains(where: { $0 != 0 }) else {
            if let rootfs = record.request.rootfs { return [try rootfsMount(of: record, rootfs)] }
            return record.imageID == HostImage.name ? [] : [try snapshot(of: record)]
        }
        let layers = try Layers(root: configuration.dataRoot)
        return try MonitorConfiguration(json: bytes, named: path.string).mounts.map { mount in
            var mount = mount
            mount.lower = mount.lower.map { layers.settledPath(of: FilePath($0)).string }
            return mount
        }
    }
}

extension EngineContext {
    /// Makes the files of a container's layers visible, for whoever reads them there.
    ///
    /// Layers that were lost when the machine went down are unpacked again.
    func showLayers(of record: ContainerRecord) throws(Problem) {
        let layers = try Layers(root: configuration.dataRoot)
        var missing: [Digest] = []
        for diffID in try record.diffIDs() where try !layers.showIfWhole(diffID) {
            missing.append(diffID)
        }
        guard !missing.isEmpty else { return }
        try restore(missing, exceptArriving: false)
        for diffID in missing { try layers.show(diffID) }
    }

    /// Unpacks those of the layers again that are not there.
    ///
    /// - Parameters:
    ///   - diffIDs: the layers.
    ///   - exceptArriving: whether those will do that can be used while they arrive; it waits for
    ///     the others to arrive.
    /// - Throws: `.notFound` when the store has no blob of one.
    func restore(_ diffIDs: [Digest], exceptArriving: Bool) throws(Problem) {
        try ContentHelper(configuration: configuration).restore(
            diffIDs, in: Layers(root: configuration.dataRoot), exceptArriving: exceptArriving)
    }
}

extension ContainerRecord {
    /// The image's layers, the lowest first.
    func diffIDs() throws(Problem) -> [Digest] {
        var diffIDs: [Digest] = []
        for text in layers { diffIDs.append(try Digest(parsing: text)) }
        return diffIDs
    }
}

/// The files of a container's root, read from its layers without mounting them.
struct LayeredRootfs: Sendable {
    /// The layers' directories, the uppermost first.
    let layers: [FilePath]
    /// Where layers are, for directories of some that arrive at this moment.
    let store: Layers

    /// A file's text; empty when there is no such file.
    ///
    /// - Throws: `.unavailable` where the file may be of a layer that did not arrive.
    func text(_ path: FilePath) throws(Problem) -> String {
        guard !layers.isEmpty else { return "" }
        var layers = layers
        while true {
            do throws(Problem) {
                let bytes = try store.reading(layers) { () throws(Problem) in
                    try LayerFiles(layers).read(path, limitInBytes: 16 << 20)
                }
                return String(decoding: bytes ?? [], as: UTF8.self)
            } catch {
                // What has arrived meanwhile is where it stays.
                let settled = try store.settledPaths(of: layers)
                guard settled != layers else { throw error }
                layers = settled
            }
        }
    }
}
