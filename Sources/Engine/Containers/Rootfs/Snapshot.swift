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
        var diffIDs: [Digest] = []
        for text in record.layers { diffIDs.append(try Digest(parsing: text)) }
        let overlay = try Snapshots(root: configuration.dataRoot)
            .prepare(container: record.id, layers: diffIDs)
        return MonitorConfiguration.RootfsMount(
            at: "", lower: overlay.lower.map(\.string), upper: overlay.upper?.string,
            work: overlay.work?.string)
    }

    /// The overlays of a container as they are or will be, for whoever reads its files.
    func overlays(of record: ContainerRecord) throws(Problem) -> [OverlayMount] {
        let path = configuration.bundle(of: record.id).monitor
        let mounts: [MonitorConfiguration.RootfsMount]
        if File.exists(path) {
            let bytes = try explaining("cannot read \(path)") {
                () throws(SystemCallError) in try File.read(path)
            }
            mounts = try MonitorConfiguration(json: bytes, named: path.string).mounts
        } else {
            mounts = record.imageID == HostImage.name ? [] : [try snapshot(of: record)]
        }
        return mounts.map { mount in
            OverlayMount(
                lower: mount.lower.map { FilePath($0) }, upper: mount.upper.map { FilePath($0) },
                work: mount.work.map { FilePath($0) })
        }
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
