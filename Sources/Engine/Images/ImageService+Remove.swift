import ContainerRuntime
package import Diagnostics
import OCI
import Storage
import SystemPackage

extension ImageService {
    /// Removes a name, and with the last name the image.
    ///
    /// An image that containers use keeps its layers for them; as in Docker that needs `force`,
    /// and while one runs the image cannot be deleted at all.
    package func remove(_ name: String, force: Bool) throws(Problem) -> [ImageRemoval] {
        let store = try context.imageStore()
        let entry = try store.entry(named: name)
        let image = try store.image(of: entry, platform: nil, named: name)
        let entries = try store.content.references.list()
            .filter { $0.descriptor.digest == entry.descriptor.digest }
        // A container may have the image for another platform than this machine's.
        let ids = try store.platformImages(of: entry).map(\.image.id) + [image.id]
        let users = try users(of: Set(ids))
        if !force { try checkUnmounted(ids, named: name) }
        let isByName = entry.name != nil && !ImageStore.isID(name, of: image)
        let removal = Removal(
            name: name, image: image, entry: entry, entries: entries, users: users, force: force)
        if isByName, entries.count > 1 {
            let removed = [try untag(entry, in: store)]
            context.tell(removed, ofImage: "\(image.id)")
            return removed
        }
        let removed =
            isByName
            ? try removal.removeLastName(from: store, context: context)
            : try removal.removeImage(from: store, context: context)
        context.tell(removed, ofImage: "\(image.id)")
        return removed
    }

    private func untag(
        _ entry: References.Entry, in store: ImageStore
    ) throws(Problem) -> ImageRemoval {
        guard let name = entry.name else { return .untagged("<none>") }
        let reference = try ImageReference(parsing: name)
        try store.content.references.remove(reference)
        return .untagged(reference.familiar)
    }

    /// Refuses to go on with images that are mounted on the host.
    func checkUnmounted(_ ids: [Digest], named name: String) throws(Problem) {
        let mounted = try context.mountedImages()
        guard let id = ids.first(where: { mounted.contains($0) }) else { return }
        throw Problem(
            kind: .conflict, what: "conflict: unable to delete \(id.short)",
            why: "image is mounted at \(context.mountPlace(of: id).appending("rootfs"))",
            fix: "kade image unmount \(name), or use --force")
    }

    /// The containers that are made of one of the images.
    func users(of ids: Set<Digest>) throws(Problem) -> [ContainerStatus] {
        let names = Set(ids.map(\.description))
        let records = try context.database.read { database throws(Problem) in
            try database.containers().filter { names.contains($0.imageID) }
        }
        var users: [ContainerStatus] = []
        for record in records { users.append(try context.status(of: record)) }
        return users
    }
}

/// One `rmi`: what it is about, and whether it may.
private struct Removal {
    let name: String
    let image: ImageStore.Image
    let entry: References.Entry
    let entries: [References.Entry]
    let users: [ContainerStatus]
    let force: Bool

    private var shortID: String { image.id.short }

    func removeLastName(
        from store: ImageStore, context: EngineContext
    ) throws(Problem) -> [ImageRemoval] {
        if let user = users.first, !force {
            throw conflict(
                "unable to remove repository reference \"\(name)\" (must force)",
                "container \(user.record.id.prefix(12)) is using its referenced image \(shortID)")
        }
        if users.contains(where: { $0.state.isAlive }) {
            // The container goes on; the image stays without a name, and whole meanwhile.
            let lease = context.plan == nil ? try store.content.lease() : nil
            defer { withExtendedLifetime(lease) {} }
            try lease?.protect(Array(try store.content.closure(of: image.root)))
            let untagged = try untagAll(in: store)
            try store.content.references.keep(image.root)
            return untagged
        }
        return try delete(from: store, context: context)
    }

    func removeImage(
        from store: ImageStore, context: EngineContext
    ) throws(Problem) -> [ImageRemoval] {
        if let user = users.first(where: { $0.state.isAlive }) {
            throw conflict(
                "unable to delete \(shortID) (cannot be forced)",
                "image is being used by running container \(user.record.id.prefix(12))")
        }
        if let user = users.first, !force {
            throw conflict(
                "unable to delete \(shortID) (must be forced)",
                "image is being used by stopped container \(user.record.id.prefix(12))")
        }
        let repositories = Set(entries.compactMap { repository(of: $0) })
        if repositories.count > 1, !force {
            throw conflict(
                "unable to delete \(shortID) (must be forced)",
                "image is referenced in multiple repositories")
        }
        return try delete(from: store, context: context)
    }

    private func delete(
        from store: ImageStore, context: EngineContext
    ) throws(Problem) -> [ImageRemoval] {
        var removals = try untagAll(in: store)
        try store.content.references.removeAll(of: image.root.digest)
        let garbage = try context.collectGarbage(in: store)
        removals.append(.deleted("\(image.id)"))
        removals += garbage.layers.map { .deleted("\($0)") }
        return removals
    }

    private func untagAll(in store: ImageStore) throws(Problem) -> [ImageRemoval] {
        var removals: [ImageRemoval] = []
        for entry in entries {
            guard let name = entry.name else { continue }
            let reference = try ImageReference(parsing: name)
            try store.content.references.remove(reference)
            removals.append(.untagged(reference.familiar))
        }
        if let repository = entries.lazy.compactMap({ repository(of: $0) }).first {
            removals.append(.untagged("\(repository)@\(image.root.digest)"))
        }
        return removals
    }

    private func repository(of entry: References.Entry) -> String? {
        // A name that another tool wrote and that is no reference counts as none.
        entry.name.flatMap { try? ImageReference(parsing: $0) }?.familiarName
    }

    private func conflict(_ what: String, _ why: String) -> Problem {
        Problem(
            kind: .conflict, what: "conflict: \(what)", why: why,
            fix: "use --force, or remove the container")
    }
}

extension EngineContext {
    /// Tells which names an image lost, and that it is gone where it is.
    func tell(_ removals: [ImageRemoval], ofImage id: String) {
        for removal in removals {
            switch removal {
            case .untagged(let name) where !name.contains("@"):
                tell(.untag, of: .image, id, ["name": id])
            case .deleted(id): tell(.delete, of: .image, id, ["name": id])
            case .untagged, .deleted: continue  // what Docker prints beside: digests and layers
            }
        }
    }
}
