import ContainerRuntime
import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

extension EngineContext {
    /// The overlay of a container's root file system, with its writable layer made.
    func snapshot(
        of record: ContainerRecord
    ) throws(Problem) -> MonitorConfiguration.RootfsMount {
        let diffIDs = try record.diffIDs()
        try restore(diffIDs)
        let overlay = try Snapshots(root: configuration.dataRoot)
            .prepare(container: record.id, layers: diffIDs)
        return MonitorConfiguration.RootfsMount(
            at: "", lower: overlay.lower.map(\.string), upper: overlay.upper?.string,
            work: overlay.work?.string)
    }

    /// The overlays of a container as they are or will be, for whoever reads its files.
    func overlays(of record: ContainerRecord) throws(Problem) -> [OverlayMount] {
        try mounts(of: record).map(\.overlay)
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
            return record.imageID == HostImage.name ? [] : [try snapshot(of: record)]
        }
        return try MonitorConfiguration(json: bytes, named: path.string).mounts
    }
}

extension MonitorConfiguration.RootfsMount {
    /// What is mounted.
    var overlay: OverlayMount {
        OverlayMount(
            lower: lower.map { FilePath($0) }, upper: upper.map { FilePath($0) },
            work: work.map { FilePath($0) })
    }
}

extension EngineContext {
    /// Makes the files of a container's layers visible, for whoever reads them from its overlays.
    ///
    /// Layers that were lost when the machine went down are unpacked again.
    func showLayers(of record: ContainerRecord) throws(Problem) {
        let diffIDs = try record.diffIDs()
        try restore(diffIDs)
        let layers = try Layers(root: configuration.dataRoot)
        for diffID in diffIDs { try layers.show(diffID) }
    }

    /// Unpacks those of the layers again that are not there.
    func restore(_ diffIDs: [Digest]) throws(Problem) {
        try ContentHelper(configuration: configuration).restore(
            diffIDs, in: Layers(root: configuration.dataRoot))
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

    /// A file's text; empty when there is no such file.
    func text(_ path: FilePath) throws(Problem) -> String {
        guard !layers.isEmpty else { return "" }
        let bytes = try LayerFiles(layers).read(path, limitInBytes: 16 << 20)
        return String(decoding: bytes ?? [], as: UTF8.self)
    }
}
