import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// A root file system that is a directory of the host (`--rootfs`), in the place of an image.
enum RootfsDirectory {
    /// What stands for the image's ID.
    static let imageID = "rootfs"

    /// Why something that is about a container's own layer, or its image, cannot be done.
    static func refusal(_ verb: String, _ record: ContainerRecord) -> Problem {
        Problem(
            kind: .unsupported, what: "cannot \(verb) container \(record.name)",
            why: "it has no image: its root file system is the directory \(record.image)",
            fix: "look at the directory itself, or make an image of it: tar -C \(record.image) -c ."
                + " | kade import -")
    }
}

extension EngineContext {
    /// What stands in the place of an image, after a look at the directory.
    func image(of rootfs: RootfsRequest) throws(Problem) -> ResolvedImage {
        try check(rootfs)
        return ResolvedImage(id: RootfsDirectory.imageID, defaults: .init(), layers: [])
    }

    private func check(_ rootfs: RootfsRequest) throws(Problem) {
        let kind: FileStatus.Kind
        do throws(SystemCallError) {
            kind = try FileStatus(of: FilePath(rootfs.path)).kind
        } catch {
            throw Problem(
                kind: .notFound, what: "cannot use the root file system \(rootfs.path)",
                why: "\(error.errno)", fix: "name a directory of this machine", cause: error)
        }
        guard kind == .directory else {
            throw Problem(
                kind: .invalid, what: "cannot use the root file system \(rootfs.path)",
                why: "it is no directory", fix: "name the directory that the container sees as /")
        }
    }

    /// What is mounted as the container's root: the directory, or with `:O` a layer of the
    /// container's above it.
    func rootfsMount(
        of record: ContainerRecord, _ rootfs: RootfsRequest
    ) throws(Problem) -> MonitorConfiguration.RootfsMount {
        try check(rootfs)
        guard rootfs.isOverlaid else {
            var mount = MonitorConfiguration.RootfsMount(
                at: "", lower: [rootfs.path], upper: nil, work: nil)
            mount.isDirectory = true
            return mount
        }
        let bundle = configuration.bundle(of: record.id)
        let (upper, work) = (bundle.upper, bundle.work)
        if !File.exists(upper) { try checkOverlay(above: FilePath(rootfs.path)) }
        try step(.makeHostLayer(of: FilePath(rootfs.path), upper, work)) { () throws(Problem) in
            try explaining("cannot make a layer above \(rootfs.path)") {
                () throws(SystemCallError) in
                guard !File.exists(upper) else { return }
                let status = try FileStatus(of: FilePath(rootfs.path))
                try Directory.makeAll(work, permissions: .container)
                try Directory.makeAll(upper, permissions: .container)
                try File.changeOwner(of: upper, user: status.owner, group: status.group)
                try File.changePermissions(
                    of: upper, to: FilePermissions(rawValue: status.permissions))
            }
        }
        return MonitorConfiguration.RootfsMount(
            at: "", lower: [rootfs.path], upper: upper.string, work: work.string)
    }
}
