package import Diagnostics
package import OCI
package import Storage

extension ContentStore {
    /// Unpacks layers again that are not there any more.
    ///
    /// That is so when the machine went down before they were on the disk, or when somebody removed
    /// their directories. Layers that are there cost no more than a look; those that arrive are
    /// waited for.
    ///
    /// - Parameters:
    ///   - diffIDs: the layers that must be there.
    ///   - layers: where they are unpacked.
    /// - Throws: `.notFound` when no image of the store has a blob for one of them.
    package func restore(_ diffIDs: [Digest], in layers: Layers) throws(Problem) {
        var layers = layers
        layers.archiveLimit = .none  // they were within it when they came
        for diffID in diffIDs where !layers.contains(diffID) {
            try layers.waitForArrival(of: diffID)
        }
        var missing = diffIDs.filter { !layers.contains($0) }
        guard !missing.isEmpty else { return }
        let lease = try lease()
        defer { withExtendedLifetime(lease) {} }
        for entry in try references.list() {
            for image in try images(of: entry.descriptor) {
                let diffIDs = image.configuration.rootfs.diffIDs
                for (layer, diffID) in zip(image.manifest.layers, diffIDs)
                where missing.contains(diffID) {
                    try lease.protect([layer.digest, diffID])
                    guard contains(layer.digest) else { continue }
                    try layers.unpack(layer.digest, diffID: diffID, from: self)
                    missing.removeAll { $0 == diffID }
                }
            }
        }
        guard let lost = missing.first else { return }
        throw Problem(
            kind: .notFound, what: "cannot use the layer \(lost)",
            why: "it is not unpacked in \(layers.directory), and the image store has no blob of it",
            fix: "pull the image again")
    }
}
