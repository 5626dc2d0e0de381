import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import Storage
package import SystemPackage

/// An image that is mounted on the host.
package struct MountedImage: Sendable {
    package let id: String
    /// Its references.
    package let names: [String]
    package let path: FilePath
}

extension ImageService {
    /// Mounts an image's files, read-only, in the caller's mount namespace.
    ///
    /// Mounting it again gives the same place. Its layers stay until it is unmounted, whatever else
    /// is removed.
    ///
    /// - Returns: where its files are.
    /// - Throws: `.notFound` for an image that is not here; `.denied` without root.
    package func mount(_ name: String) throws(Problem) -> FilePath {
        try checkMounts(for: "mount")
        let store = try context.imageStore()
        let image = try store.image(named: name, platform: nil)
        let place = context.mountPlace(of: image.id)
        let (directory, list) = (place.appending("rootfs"), place.appending("layers"))
        let diffIDs = image.configuration.rootfs.diffIDs
        if let plan = context.plan {
            plan.note(.mountImage("mount -t overlay overlay", at: directory), by: .engine)
            return directory
        }
        let lease = try store.content.lease()
        defer { withExtendedLifetime(lease) {} }
        try lease.protect(diffIDs)
        try context.restore(diffIDs, exceptArriving: false)
        let lower = try context.layersForReading(of: diffIDs, for: nil)
        try explaining("cannot mount image \(name)") { () throws(SystemCallError) in
            try Directory.makeAll(directory, permissions: FilePermissions(rawValue: 0o755))
            let lock = try FileLock(place.appending("lock"), .exclusive)
            defer { withExtendedLifetime(lock) {} }
            try File.replace(
                list, with: Array(diffIDs.map { "\($0)\n" }.joined().utf8),
                permissions: .ownerReadWrite, lasting: .processExit)
            let isMounted = try MountTable.current().entries.contains { $0.point == directory }
            guard !isMounted else { return }
            try OverlayMount(lower: lower, upper: nil, work: nil).mount(at: directory)
        }
        return directory
    }

    /// Unmounts an image; `.conflict` when it is not mounted or in use.
    ///
    /// - Returns: the image's ID.
    /// - Throws: `.notFound` for an image that is not here.
    @discardableResult
    package func unmount(_ name: String, force: Bool) throws(Problem) -> String {
        try checkMounts(for: "unmount")
        let id = try mountedID(name)
        let place = context.mountPlace(of: id)
        let directory = place.appending("rootfs")
        guard File.exists(place) else {
            throw Problem(
                kind: .conflict, what: "cannot unmount image \(name)", why: "it is not mounted",
                fix: "kade image mount lists what is")
        }
        if let plan = context.plan {
            plan.note(.unmountImage(place, isLazy: force), by: .engine)
            return "\(id)"
        }
        do throws(SystemCallError) {
            let lock = try FileLock(place.appending("lock"), .exclusive)
            defer { withExtendedLifetime(lock) {} }
            if try MountTable.current().entries.contains(where: { $0.point == directory }) {
                try Mount.unmount(directory, isDetached: force)
            }
            try Directory.remove(directory)  // refuses while another namespace shows files there
            try Directory.removeTree(place)
        } catch  where error.errno == .resourceBusy {
            throw Problem(
                kind: .conflict, what: "cannot unmount image \(name)", why: "it is in use",
                fix: "end what uses \(directory), or use --force", cause: error)
        } catch {
            throw Problem(what: "cannot unmount image \(name)", refusal: error)
        }
        return "\(id)"
    }

    /// Refuses where nobody would see the mount.
    private func checkMounts(for verb: String) throws(Problem) {
        guard context.configuration.hasPrivateMounts else { return }
        throw Problem(
            kind: .unsupported, what: "cannot \(verb) images for an ordinary user from outside",
            why: "what you mount is seen in your user namespace alone, which this command leaves"
                + " with its end",
            fix: "start a shell in it, and do it there: kade unshare")
    }

    /// The images that are mounted.
    package func mounts() throws(Problem) -> [MountedImage] {
        let ids = try context.mountedImages()
        guard !ids.isEmpty else { return [] }
        var names: [Digest: [String]] = [:]
        for image in try context.imageStore().readableImages() {
            names[image.id, default: []] += image.name.map { [$0] } ?? []
        }
        return ids.sorted { $0.encoded < $1.encoded }.map { id in
            MountedImage(
                id: "\(id)", names: names[id] ?? [],
                path: context.mountPlace(of: id).appending("rootfs"))
        }
    }

    /// The ID of a mounted image, which may have lost its names.
    private func mountedID(_ name: String) throws(Problem) -> Digest {
        let digits = Digest.hash(namedBy: name)
        if !digits.isEmpty, digits.utf8.allSatisfy(isHexDigit) {
            let found = try context.mountedImages().filter { $0.encoded.hasPrefix(digits) }
            if let only = found.first, found.count == 1 { return only }
        }
        return try context.imageStore().image(named: name, platform: nil).id
    }
}

extension EngineContext {
    /// Where an image is mounted: `images/<ID>` of the run root has the mount point, the list of
    /// its layers, and a lock.
    func mountPlace(of id: Digest) -> FilePath {
        configuration.runRoot.appending("images").appending(id.encoded)
    }

    /// The IDs of images that are mounted, here or in another mount namespace.
    func mountedImages() throws(Problem) -> Set<Digest> {
        let directory = configuration.runRoot.appending("images")
        guard File.exists(directory) else { return [] }
        let entries = try explaining("cannot list the mounted images in \(directory)") {
            () throws(SystemCallError) in try Directory.list(directory)
        }
        return Set(entries.compactMap { Digest(hash: $0.name.string) })
    }

    /// The layers of images that are mounted.
    func mountedLayers() throws(Problem) -> Set<Digest> {
        var layers: Set<Digest> = []
        for id in try mountedImages() {
            let list = mountPlace(of: id).appending("layers")
            let text: String
            do throws(SystemCallError) {
                text = try File.readText(list)
            } catch  where error.errno == .noSuchFileOrDirectory {
                continue  // unmounted meanwhile
            } catch {
                throw Problem(what: "cannot read \(list)", refusal: error)
            }
            for line in text.split(separator: "\n") {
                layers.insert(try Digest(parsing: String(line)))
            }
        }
        return layers
    }
}
