import ContainerRuntime
package import Diagnostics
import OCI
import Storage

/// What `image prune` did.
package struct PrunedImages: Sendable {
    package var removals: [ImageRemoval] = []
    /// The space of blobs and layers that is free now.
    package var reclaimedInBytes: Int64 = 0
}

extension ImageService {
    /// Removes images that no container uses.
    ///
    /// - Parameters:
    ///   - filter: which of them.
    ///   - includesNamed: all that no container uses; otherwise only those without a name.
    /// - Returns: what was removed.
    /// - Throws: `.invalid` for a filter that is none.
    package func prune(
        _ filter: ImageFilter, includingNamed includesNamed: Bool
    ) throws(Problem) -> PrunedImages {
        let store = try context.imageStore()
        let matcher = try ImageMatcher(filter, in: store)
        let used = try context.database.read { database throws(Problem) in
            Set(try database.containers().map(\.imageID))
        }
        let mounted = try context.mountedImages()
        var pruned = PrunedImages()
        var deleted: [Digest] = []
        for image in try store.images() {
            guard image.name == nil || includesNamed else { continue }
            let entry = References.Entry(name: image.name, descriptor: image.root)
            do throws(Problem) {
                // A container may have the image for another platform than this machine's.
                let ids = try store.platformImages(of: entry).map(\.image.id) + [image.id]
                guard !ids.contains(where: { used.contains("\($0)") || mounted.contains($0) }),
                    matcher.matches(try ImageSummary(image, in: store))
                else { continue }
            } catch {
                guard try store.content.references.list().contains(entry) else { continue }
                throw error  // it is damaged, and not removed meanwhile
            }
            let removed = try remove(image, from: store)
            context.tell(removed, ofImage: "\(image.id)")
            pruned.removals += removed
            if !deleted.contains(image.id) { deleted.append(image.id) }
        }
        let garbage = try context.collectGarbage(in: store)
        let left = Set(try store.images().map(\.id))
        pruned.removals += deleted.filter { !left.contains($0) }.map { .deleted("\($0)") }
        pruned.removals += garbage.layers.map { .deleted("\($0)") }
        pruned.reclaimedInBytes = garbage.blobsInBytes + garbage.layersInBytes
        for id in deleted where !left.contains(id) {
            context.tell([.deleted("\(id)")], ofImage: "\(id)")
        }
        context.tell(.prune, of: .image, "", ["reclaimed": "\(pruned.reclaimedInBytes)"])
        return pruned
    }

    private func remove(
        _ image: ImageStore.Image, from store: ImageStore
    ) throws(Problem) -> [ImageRemoval] {
        guard let name = image.name else {
            try store.content.references.removeNameless(image.root.digest)
            return []
        }
        // A name that another tool wrote and that is no reference is removed with its image.
        guard let reference = try? ImageReference(parsing: name) else {
            try store.content.references.removeAll(of: image.root.digest)
            return [.untagged(name)]
        }
        let isRemoved = try store.content.references.remove(
            reference, ifNaming: image.root.digest)
        return isRemoved ? [.untagged(reference.familiar)] : []
    }
}
