package import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

extension ImageService {
    /// What an image's last layer changes, or how its files differ from another image's.
    ///
    /// - Parameters:
    ///   - name: the image.
    ///   - other: the image that it is compared with; nil for its own lower layers.
    /// - Returns: the changes, sorted by path.
    /// - Throws: `.notFound` for an image that is not here.
    package func diff(
        _ name: String, against other: String?
    ) throws(Problem) -> [FilesystemChange] {
        let image = try context.imageStore().image(named: name, platform: nil)
        let layers = try lower(of: image)
        let changes: [FileChange]
        if let other {
            let before = try context.imageStore().image(named: other, platform: nil)
            changes = try MergedDirectory(layers).changes(since: MergedDirectory(lower(of: before)))
        } else if let top = layers.first {
            changes = try Snapshot.overlay(
                OverlayMount(lower: Array(layers.dropFirst()), upper: top, work: nil)
            ).changes()
        } else {
            changes = []
        }
        return changes.map { FilesystemChange(kind: .init($0.kind), path: $0.path) }
    }

    private func lower(of image: ImageStore.Image) throws(Problem) -> [FilePath] {
        let diffIDs = image.configuration.rootfs.diffIDs
        try context.restore(diffIDs, exceptArriving: false)
        return try Snapshots(root: context.configuration.dataRoot).lower(of: diffIDs)
    }
}
