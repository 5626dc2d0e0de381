import Diagnostics
import OCI
import Storage

extension EngineContext {
    /// Removes blobs and layers that no image, container, build or pull needs.
    func collectGarbage(in store: ImageStore) throws(Problem) -> Garbage {
        let used = try database.read { database throws(Problem) in
            Set(try database.containers().flatMap(\.layers))
        }
        var usedLayers: Set<Digest> = []
        for layer in used { usedLayers.insert(try Digest(parsing: layer)) }
        return try store.content.collectGarbage(
            layers: store.layers, usedLayers: usedLayers,
            now: Timestamp.now.nanosecondsSinceEpoch / 1_000_000_000)
    }
}
