import Diagnostics
import OCI
import Storage

extension EngineContext {
    /// Removes blobs and layers that no image, container, mount, build or pull needs.
    func collectGarbage(in store: ImageStore) throws(Problem) -> Garbage {
        var garbage = try store.content.collectGarbage(
            layers: store.layers, usedLayers: try layersInUse(),
            now: Timestamp.now.nanosecondsSinceEpoch / 1_000_000_000)
        garbage.layersInBytes += try OwnedLayers(self).removeUnused()
        return garbage
    }

    /// The layers of containers, of images that they mount, and of images mounted on the host.
    func layersInUse() throws(Problem) -> Set<Digest> {
        let used = try database.read { database throws(Problem) in
            Set(try database.containers().flatMap(\.layers))
                .union(try database.mountedImages(ofContainer: nil).flatMap(\.layers))
        }
        var layers = try mountedLayers()
        for layer in used { layers.insert(try Digest(parsing: layer)) }
        return layers
    }
}
