import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// The image `host`: the machine's own root file system below a throw-away layer.
///
/// Each real file system of the host is one overlay, so that nothing is missing. Their upper layers
/// must not lie on one of the lower file systems (overlayfs refuses, ELOOP), so they are on a tmpfs
/// of the engine's where the run root is on the root file system itself.
enum HostImage {
    static let name = "host"

    /// What the image says by default.
    static var defaults: ImageConfiguration.Defaults {
        ImageConfiguration.Defaults(cmd: ["/bin/sh"])
    }

    /// The mount points of the real file systems below `/`, parents first.
    static func submounts(in table: MountTable, excluding roots: [FilePath]) -> [FilePath] {
        let points = table.entries.filter { realTypes.contains($0.type) && $0.point != "/" }
            .map(\.point).sorted { $0.string < $1.string }
        let hidden = (["/proc", "/sys", "/dev", "/run"] as [FilePath]) + roots
        var result: [FilePath] = []
        for point in points {
            let isHidden = hidden.contains { point.starts(with: $0) }
            if !isHidden, !result.contains(point) { result.append(point) }
        }
        return result
    }

    /// File systems whose content is the machine's, in contrast to the kernel's.
    private static let realTypes: Set<String> = [
        "ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "bcachefs", "jfs", "reiserfs",
        "erofs", "squashfs", "vfat", "tmpfs",
    ]
}

extension EngineContext {
    /// Refuses the image where the kernel shows no overlay of it.
    ///
    /// In a user namespace no mount of the machine may be taken off what it hides, and an overlay of
    /// the directories above would do that (`clone_private_mount`: `EINVAL`).
    func checkHostImage() throws(Problem) {
        guard try isRootless() else { return }
        throw Problem(
            kind: .unsupported, what: "cannot use the image \(HostImage.name)",
            why: "the kernel gives an ordinary user no overlay of directories that other file"
                + " systems are mounted in, as the machine's / is",
            fix: "run kade as root, or run an image of a registry: kade run debian:12")
    }

    /// The overlays of a container of the image `host`, with their upper layers made.
    func prepareHostRootfs(
        of id: String
    ) throws(Problem) -> [MonitorConfiguration.RootfsMount] {
        let table = try explaining("cannot read the mount table") {
            () throws(SystemCallError) in try MountTable.current()
        }
        let scratch = configuration.scratchDirectory.appending(id)
        try step(.makeHostScratch(scratch)) { () throws(Problem) in try makeHostScratch() }
        let points = HostImage.submounts(
            in: table, excluding: [configuration.dataRoot, configuration.runRoot])
        var mounts: [MonitorConfiguration.RootfsMount] = []
        for (index, point) in (["/"] + points).enumerated() {
            // A file that something is mounted on cannot be an overlay; neither can what is gone.
            guard index == 0 || isDirectory(point) else { continue }
            let upper = scratch.appending("\(index)").appending("upper")
            let work = scratch.appending("\(index)").appending("work")
            try step(.makeHostLayer(of: point, upper, work)) { () throws(Problem) in
                try Self.makeHostLayer(of: point, upper, work)
            }
            mounts.append(
                .init(
                    at: String(point.string.dropFirst()), lower: [point.string],
                    upper: upper.string, work: work.string))
        }
        return mounts
    }

    private static func makeHostLayer(
        of point: FilePath, _ upper: FilePath, _ work: FilePath
    ) throws(Problem) {
        try explaining("cannot make the layer of the host image at \(upper)") {
            () throws(SystemCallError) in
            for path in [upper, work] {
                try Directory.makeAll(path, permissions: FilePermissions(rawValue: 0o755))
            }
            let status = try FileStatus(of: point)
            try File.changePermissions(
                of: upper, to: FilePermissions(rawValue: status.permissions))
            try File.changeOwner(of: upper, user: status.owner, group: status.group)
        }
    }

    /// Makes a directory whose file system is none of the host's that become lower layers.
    private func makeHostScratch() throws(Problem) {
        let scratch = configuration.scratchDirectory
        try explaining("cannot make room for the host image's changes at \(scratch)") {
            () throws(SystemCallError) in
            try Directory.makeAll(scratch, permissions: FilePermissions(rawValue: 0o700))
            let lock = try FileLock(configuration.runRoot.appending("scratch.lock"), .exclusive)
            let root = try FileStatus(of: "/").identity.device
            if try FileStatus(of: scratch).identity.device == root {
                try Mount.mount(
                    "kade-scratch", at: scratch, type: "tmpfs", [.noSetUserID, .noDevices],
                    data: "mode=0700")
            }
            _ = consume lock
        }
    }

    private func isDirectory(_ path: FilePath) -> Bool {
        // Any refusal means: not for us.
        (try? FileStatus(of: path).kind) == .directory
    }

    /// Removes a container's layers of the host image, and the tmpfs with the last of them.
    func removeHostRootfs(of id: String) throws(Problem) {
        let scratch = configuration.scratchDirectory
        guard File.exists(scratch) else { return }
        try step(.removeDirectory(scratch.appending(id))) { () throws(Problem) in
            try Self.removeHostLayers(of: id, in: scratch, lockedBy: configuration.runRoot)
        }
    }

    private static func removeHostLayers(
        of id: String, in scratch: FilePath, lockedBy runRoot: FilePath
    ) throws(Problem) {
        try explaining("cannot remove the host image's changes in \(scratch)") {
            () throws(SystemCallError) in
            let lock = try FileLock(runRoot.appending("scratch.lock"), .exclusive)
            do throws(SystemCallError) {
                try Directory.removeTree(scratch.appending(id))
            } catch  where error.errno == .noSuchFileOrDirectory {
                return
            }
            guard try Directory.list(scratch).isEmpty else { return }
            do throws(SystemCallError) {
                try Mount.unmount(scratch, isDetached: true)
            } catch  where error.errno == .invalidArgument {
                // It was no mount of its own.
            }
            _ = consume lock
        }
    }
}
