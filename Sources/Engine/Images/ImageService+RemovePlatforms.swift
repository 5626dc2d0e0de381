import ContainerRuntime
package import Diagnostics
import OCI
import Storage

extension ImageService {
    /// Removes an image for some platforms, and leaves it for the others that are here.
    ///
    /// What the name means stays what it was: a pull of the platform brings it back. The last
    /// platform that is here takes the name with it.
    ///
    /// - Parameters:
    ///   - name: the image.
    ///   - platforms: as `--platform` has them: os[/architecture[/variant]].
    ///   - force: whether stopped containers and mounts may use it.
    /// - Returns: the manifests and layers that are gone.
    /// - Throws: `.notFound` for a platform that is not here; `.conflict` for one that is in use.
    package func remove(
        _ name: String, platforms: [String], force: Bool
    ) throws(Problem) -> [ImageRemoval] {
        let store = try context.imageStore()
        let entry = try store.entry(named: name)
        let all = try store.platformImages(of: entry)
        var chosen: [ImageStore.PlatformImage] = []
        for text in platforms {
            let platform = try Platform(parsing: text)
            let found = all.filter { $0.image.platform == platform }
            guard !found.isEmpty else { throw Self.missing(platform, of: name, among: all) }
            chosen += found.filter { new in
                !chosen.contains { $0.image.manifestDigest == new.image.manifestDigest }
            }
        }
        if chosen.count == all.count { return try remove(name, force: force) }
        try checkUnused(chosen.map(\.image), named: name, force: force)
        let manifests = chosen.flatMap { [$0.image.manifestDigest] + $0.attestations }
        let needed = try store.content.remove(Set(manifests), from: entry.descriptor)
        if let digest = needed.first { throw Self.isNeeded(digest, of: name) }
        let garbage = try context.collectGarbage(in: store)
        let removed =
            chosen.map { ImageRemoval.deleted("\($0.image.manifestDigest)") }
            + garbage.layers.map { .deleted("\($0)") }
        for image in chosen.map(\.image) {
            context.tell(.delete, of: .image, "\(image.id)", ["name": "\(image.id)"])
        }
        return removed
    }

    private func checkUnused(
        _ images: [ImageStore.Image], named name: String, force: Bool
    ) throws(Problem) {
        for image in images {
            let users = try users(of: [image.id])
            let running = users.first { $0.state.isAlive }
            if let user = running ?? (force ? nil : users.first) {
                throw Problem(
                    kind: .conflict,
                    what: "conflict: unable to delete \(image.platform) of \(name)",
                    why: "container \(user.record.id.prefix(12)) is using it",
                    fix: running == nil
                        ? "use --force, or remove the container" : "remove the container")
            }
            if !force { try checkUnmounted([image.id], named: name) }
        }
    }

    private static func missing(
        _ platform: Platform, of name: String, among all: [ImageStore.PlatformImage]
    ) -> Problem {
        let here = all.map { "\($0.image.platform)" }.joined(separator: ", ")
        return Problem(
            kind: .notFound, what: "cannot remove \(platform) of \(name)",
            why: here.isEmpty ? "nothing of the image is here" : "of the image is here: \(here)",
            fix: "see kade images --tree \(name)")
    }

    private static func isNeeded(_ digest: Digest, of name: String) -> Problem {
        Problem(
            kind: .conflict, what: "conflict: unable to delete \(digest.short) of \(name)",
            why: "another name of the store, a transfer or a build needs this manifest",
            fix: "remove the other name first: kade images --digests shows it")
    }
}
